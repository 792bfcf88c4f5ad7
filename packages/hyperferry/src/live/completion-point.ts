/** Command `completion-point`: opens what it needs and runs the step. */
import { mutate } from '../mutate.ts'
import type { MutatingOptions, Previewed } from '../mutate.ts'
import { recorded } from '../recorded.ts'
import { completionPoint as step } from '../steps/completion-point.ts'
import type { CompletionOptions, CompletionResult } from '../steps/completion-point.ts'

export type { CompletionResult } from '../steps/completion-point.ts'

/** Step 5. `exitCode` 4 when it was refused. */
export async function completionPoint(
  options: MutatingOptions & CompletionOptions,
): Promise<(CompletionResult & { exitCode: number }) | Previewed> {
  return mutate(options, {
    preview: ({ plan }) => ({
      title: `Finds the completion point of migration "${plan.migration}" and keeps it:`,
      lines: plan.tables
        .filter(({ kind }) => kind === 'timeseries')
        .map(
          ({ name, mode }) =>
            `${name}   ${mode === 'merge' ? 'any T after all writers write to both' : 'T so old that no older row comes'}`,
        ),
      sql: ['insert into hyperferry.completion_point …;'],
    }),
    run: async (context) => {
      const result = await recorded(context, 'completion-point', () => step(context, options))
      return { ...result, exitCode: result.T === null ? 4 : 0 }
    },
  })
}
