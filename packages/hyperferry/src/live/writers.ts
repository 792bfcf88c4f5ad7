/** Commands `writers` and `journal`: they need the target only. */
import { durationMicros } from '../config/duration.ts'
import { HyperferryError } from '../errors.ts'
import type { Engine } from '../model.ts'
import { confirmed } from '../mutate.ts'
import type { MutatingOptions, Previewed } from '../mutate.ts'
import type { Preview } from '../preview.ts'
import { recorded } from '../recorded.ts'
import { declare, declareLost, grant, grantSql, markerSql, stopped } from '../steps/writers.ts'
import { onTarget, started, underLock } from '../target-only.ts'
import type { TargetContext } from '../target-only.ts'
import type { Session } from '../target/connect.ts'
import { withSession } from '../target/with-session.ts'

export interface Told {
  notes: string[]
}

/** Gives a role what the library needs in the target; says what the source needs. Throws HF-U001 without a role. */
export async function grantWriter(options: MutatingOptions & { role: string }): Promise<Told | Previewed> {
  return changed(options, {
    step: 'writers grant',
    preview: ({ plan }) => ({
      title: `Grants role ${options.role} what a writer needs in the target:`,
      lines: ['usage of schema hyperferry and of its functions for writers', 'select and insert on the time series'],
      sql: [
        ...grantSql(plan, options.role).map(ended),
        '',
        '-- in the source, by its owner (hyperferry never writes there):',
        ...markerSql(engineOf(plan.source.url, options.env), options.role).map((sql) => `-- ${ended(sql)}`),
      ],
    }),
    run: async (session, { plan }) => {
      await grant(session, plan, options.role)
      return [
        `Role ${options.role} can write. In the source its owner has to make the marker table: hyperferry writers grant --role ${options.role} --print-sql`,
      ]
    },
  })
}

/** Registers a writer that does not use the library, or says that it has stopped. Throws HF-U001 for a lateness that is no duration, HF-W011. */
export async function declareWriter(
  options: MutatingOptions & { name: string; maxLateness: string | null; stopped: boolean },
): Promise<Told | Previewed> {
  const { name, maxLateness } = options
  if (maxLateness !== null) durationMicros(maxLateness)
  return changed(options, {
    step: 'writers declare',
    preview: () => ({
      title: `External writer "${name}":`,
      lines: [
        options.stopped
          ? 'has stopped for good'
          : 'writes to the source without the library; T can only be observed then',
      ],
      sql: [],
    }),
    run: async (session, { migrationId }) => {
      if (options.stopped) await stopped(session, migrationId, name)
      else await declare(session, migrationId, { name, maxLateness })
      return [`${name}: ${options.stopped ? 'stopped' : 'declared'}`]
    },
  })
}

/** Gives the journal of a writer up that will not come back. */
export async function journalDeclareLost(options: MutatingOptions & { name: string }): Promise<Told | Previewed> {
  return changed(options, {
    step: 'journal declare-lost',
    preview: () => ({
      title: `Gives up the journal of writer "${options.name}":`,
      lines: [
        'what it has not delivered may be in one database only',
        'a suspect window stays open, and closes cutover, until a verify of everything finds both equal',
      ],
      sql: [],
    }),
    run: async (session, { migrationId }) => {
      const journals = await declareLost(session, migrationId, options.name)
      return [`${journals} ${journals === 1 ? 'journal was' : 'journals were'} declared lost. Next: hyperferry verify`]
    },
  })
}

interface Change {
  step: string
  preview: (context: TargetContext) => Preview
  run: (session: Session, context: TargetContext) => Promise<string[]>
}

async function changed(options: MutatingOptions, change: Change): Promise<Told | Previewed> {
  return onTarget(options, async (opened) => {
    const context = await started(opened)
    return confirmed(options, change.preview(context), () =>
      underLock(context, () =>
        recorded(context, change.step, async () => ({
          notes: await withSession(context.target, (session) => change.run(session, context), { extra: true }),
        })),
      ),
    )
  })
}

function engineOf(url: string, env: MutatingOptions['env'] = process.env): Engine {
  const name = /^\$\{(\w+)\}$/.exec(url)?.[1]
  const real = name === undefined ? url : env[name]
  if (real === undefined) throw new HyperferryError('HF-U013', { what: `${url} is not set` })
  return real.startsWith('sqlite:') ? 'sqlite' : 'mysql'
}

const ended = (sql: string): string => `${sql};`
