// Command `copy` with its flags, in this process.
import { copy } from '../../../src/cli/copy.ts'
import type { CopyResult } from '../../../src/copy-csv.ts'
import { PaceOrders } from '../../../src/index-copy.ts'
import { noEvents } from '../../../src/work/events.ts'

const never = new AbortController().signal

/** `{ 'batch-byte-size': 256 }` is `--batch-byte-size 256`. */
export async function copyTyped(flags: Readonly<Record<string, string | number | boolean>>): Promise<CopyResult> {
  const values: Record<string, unknown> = {}
  for (const { flags: spelt, default: usual } of copy.flags)
    if (usual !== undefined) values[camelCase(nameOf(spelt))] = usual
  for (const [name, value] of Object.entries(flags)) {
    const flag = copy.flags.find((each) => nameOf(each.flags) === name)
    if (flag === undefined) throw new Error(`copy has no flag --${name}`)
    values[camelCase(name)] = flag.parse && typeof value !== 'boolean' ? flag.parse(String(value)) : value
  }
  const { document } = await copy.run(
    { flags: values, argument: null, arguments: [] },
    {
      json: true,
      env: {},
      events: noEvents,
      orders: new PaceOrders(),
      signal: never,
      hardSignal: never,
      confirm: async () => true,
      say: () => {},
      close: () => {},
    },
  )
  return document as CopyResult
}

function nameOf(spelt: string): string {
  return spelt.split(' ', 1)[0]?.slice(2) ?? ''
}

function camelCase(name: string): string {
  return name.replaceAll(/-(.)/g, (_all, letter: string) => letter.toUpperCase())
}
