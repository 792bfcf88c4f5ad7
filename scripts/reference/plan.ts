// docs/reference/plan.md
import { planJsonSchema } from '../../packages/hyperferry/src/config/plan-schema.ts'

interface Node {
  description?: string
  type?: string | string[]
  enum?: unknown[]
  properties?: Record<string, Node>
  required?: string[]
  additionalProperties?: Node | boolean
  items?: Node
  anyOf?: Node[]
}

export function planPage(): string {
  return [
    '# The plan file',
    '',
    'Generated from `config/plan-schema.ts`; `plan.schema.json` in the package is the same as JSON Schema. `hyperferry plan` writes the file with comments; unknown keys are refused. `${NAME}` takes a value from the environment.',
    '',
    'The keys `dualWrite`, `backfill`, `verify` and `tables.<name>.sync` may be edited at any time; everything else is fixed once a run has started (HF-P020).',
    '',
    '| key | type | required | meaning |',
    '| --- | --- | --- | --- |',
    ...rows(planJsonSchema(), ''),
    '',
  ].join('\n')
}

function rows(node: Node, path: string): string[] {
  const inner = typeof node.additionalProperties === 'object' ? { '<name>': node.additionalProperties } : {}
  const properties = { ...node.properties, ...inner }
  return Object.entries(properties).flatMap(([name, child]) => {
    const at = path === '' ? name : `${path}.${name}`
    const required = node.required?.includes(name) ? 'yes' : ''
    const line = `| \`${at}\` | ${typeOf(child)} | ${required} | ${(child.description ?? '').replaceAll('|', '\\|')} |`
    return [line, ...rows(child.items ?? child, child.items ? `${at}[]` : at)]
  })
}

function typeOf(node: Node): string {
  if (node.enum) return node.enum.map((word) => `\`${String(word)}\``).join(' ')
  if (node.anyOf) return node.anyOf.map(typeOf).join(' or ')
  if (node.items) return `list of ${typeOf(node.items)}`
  return [node.type ?? 'text'].flat().join(' or ')
}
