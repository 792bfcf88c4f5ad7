/** The shape of one finding code. */
import type { Severity } from '../model.ts'

/** What a code means and what to do about it; `docs/reference/findings.md` is made from this. */
export interface FindingEntry {
  /** Usual severity; a finding may carry another one when the case is milder or worse. */
  severity: Severity
  title: string
  /** What it means for the data. */
  meaning: string
  /** What the proposed plan does, and the alternatives. */
  action: string
}

/** One row of the table of codes. */
export const entry = (severity: Severity, title: string, meaning: string, action: string): FindingEntry => ({
  severity,
  title,
  meaning,
  action,
})
