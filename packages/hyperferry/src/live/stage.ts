/** Command `stage`: opens what it needs and runs the step. */
import { HyperferryError } from '../errors.ts'
import type { Stage } from '../model.ts'
import { mutate } from '../mutate.ts'
import type { MutatingOptions, Previewed } from '../mutate.ts'
import type { PlanOptions } from '../open-migration.ts'
import { recorded } from '../recorded.ts'
import { readStage, stage as stageStep } from '../steps/stage.ts'
import type { StageResult } from '../steps/stage.ts'
import { onTarget, started } from '../target-only.ts'

export type { StageResult } from '../steps/stage.ts'

const STAGES = ['off', 'dualwrite', 'shadow', 'live', 'complete'] as const

/** In which stage the writers are, and who they are. Throws HF-B014 before anything was started. */
export async function showStage(options: PlanOptions): Promise<StageResult> {
  return onTarget(options, async (opened) => {
    const { target, migrationId } = await started(opened)
    return readStage(target, migrationId)
  })
}

/** Step 4. */
export async function setStage(options: MutatingOptions & { to: Stage }): Promise<StageResult | Previewed> {
  const { to } = options
  return mutate(options, {
    preview: ({ plan }) => ({
      title: `Moves the stage of migration "${plan.migration}" to ${to}:`,
      lines: [EFFECTS[to] ?? ''],
      sql: [`update hyperferry.dual_write set stage = '${to}', epoch = epoch + 1 where …;`],
    }),
    run: (context) => recorded(context, `stage ${to}`, () => stageStep(context, to)),
  })
}

const EFFECTS: Partial<Record<Stage, string>> = {
  dualwrite: 'every writer with the library writes to source and target within a second; the source stays primary',
  off: 'every writer writes to the source alone; the completion points are forgotten',
}

/** A name that is no stage is a mistake of the person, not of the plan. */
export function stageNamed(name: string): Stage {
  const found = STAGES.find((each) => each === name)
  if (found !== undefined) return found
  throw new HyperferryError('HF-U001', { what: `no stage "${name}"`, hint: `Stages: ${STAGES.join(', ')}.` })
}
