/** A row put together on the server: encoded columns as they are, others from text, by the types of the plan and without loss. */
import { HyperferryError } from '../../errors.ts'
import type { PlannedColumn } from '../../model.ts'
import type { Session } from '../../target/connect.ts'
import { ident, identList } from '../../target/sql.ts'
import { COPY_HEADER, COPY_TRAILER, CopyParser } from '../../values/copy-stream.ts'
import { isDataError } from '../../work/bisect.ts'
import type { Stage } from '../../work/stage.ts'
import type { TableWork } from '../../work/table-work.ts'
import type { GivenValue } from './given.ts'
import type { RestOfRow } from './rest-of-row.ts'

/** Makes the one row of the stage. Throws HF-Q003 for a value that its column would change or refuse. */
export async function fillIn(
  session: Session,
  stage: Stage,
  { work, given, rest }: { work: TableWork; given: ReadonlyMap<string, GivenValue>; rest: RestOfRow },
): Promise<void> {
  if (rest.kind === 'tuple') {
    const names = identList(rest.columns.map(({ name }) => name))
    await session.copyIn(`copy ${stage.name} (${names}) from stdin (format binary)`, [
      COPY_HEADER,
      rest.tuple,
      COPY_TRAILER,
    ])
  } else {
    await session.query(`insert into ${stage.name} (${stage.row}) values (0)`)
  }
  for (const column of work.columns) {
    const value = given.get(column.name)
    if (value !== undefined) await fillColumn(session, stage, column, { text: value.text, isGiven: true })
    else if (rest.kind === 'texts') {
      await fillColumn(session, stage, column, { text: rest.texts.get(column.name) ?? null, isGiven: false })
    }
  }
}

// eslint-disable-next-line max-params -- where, which column, and what
async function fillColumn(
  session: Session,
  stage: Stage,
  column: PlannedColumn,
  { text, isGiven }: { text: string | null; isGiven: boolean },
): Promise<void> {
  if (text === null) return
  const value = `$1::pg_catalog.text::${column.type}`
  try {
    const whole = wholeType(column.type)
    if (isGiven && whole !== null) {
      // A cast to numeric(5,2), timestamp(0) or varchar(3) would round or cut without a word.
      const { rows } = await session.query<{ same: boolean }>(
        `select (${value}) is not distinct from ($1::pg_catalog.text::${whole}) as same`,
        [text],
      )
      if (rows[0]?.same !== true) throw misfit(column, `type ${column.type} does not hold the value exactly`)
    }
    await session.query(`update ${stage.name} set ${ident(column.name)} = ${value}`, [text])
  } catch (error) {
    if (!isDataError(error)) throw error
    if (isGiven) throw misfit(column, `type ${column.type} does not take the value`, error)
    throw misfit(column, 'its kept value cannot be taken over, give one', error)
  }
}

/** The same type without the limit that values are cut to; null when it has none. */
function wholeType(type: string): string | null {
  if (!/\(\s*\d/.test(type)) return null
  if (/^(char|character|bpchar)\s*\(/i.test(type)) return 'pg_catalog.bpchar'
  if (/^bit\s*\(/i.test(type)) return 'pg_catalog.varbit'
  return type.replace(/\s*\([^)]*\)/, '')
}

function misfit({ source }: PlannedColumn, why: string, cause?: HyperferryError): HyperferryError {
  return new HyperferryError('HF-Q003', {
    what: `${source}: ${why}`,
    details: { column: source },
    ...(cause === undefined ? {} : { cause }),
    ...(cause?.sqlstate == null ? {} : { sqlstate: cause.sqlstate }),
  })
}

/** The row as verify will read it from the target. */
export async function stagedTuple(session: Session, stage: Stage, work: TableWork): Promise<Uint8Array> {
  const tuples: Uint8Array[] = []
  const parser = new CopyParser()
  const names = identList(work.columns.map(({ name }) => name))
  await session.copyOut(`copy (select ${names} from ${stage.name}) to stdout (format binary)`, (chunk) =>
    parser.push(chunk, (bytes, ends) => {
      let start = 0
      for (const end of ends) {
        tuples.push(bytes.slice(start, end))
        start = end
      }
    }),
  )
  parser.end()
  const [tuple] = tuples
  if (tuple === undefined || tuples.length > 1)
    throw new HyperferryError('HF-X001', { what: `${tuples.length} rows in place of one` })
  return tuple
}
