/** Arithmetic on half-open spans; null is unbounded. */
import type { Span } from '../model.ts'

/** The parts of `spans` that lie within `within`, in order. */
export function intersect(spans: readonly Span[], within: Span): Span[] {
  return spans.flatMap((span) => {
    const from =
      span.from === null ? within.from : within.from === null || span.from > within.from ? span.from : within.from
    const to = span.to === null ? within.to : within.to === null || span.to < within.to ? span.to : within.to
    return from !== null && to !== null && from >= to ? [] : [{ from, to }]
  })
}

export function sameSpan(a: Span, b: Span): boolean {
  return a.from === b.from && a.to === b.to
}
