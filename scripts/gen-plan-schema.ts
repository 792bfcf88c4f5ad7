// Writes packages/hyperferry/plan.schema.json from the declarations of the plan. Run it after changing them; a test compares.
import { writeFileSync } from 'node:fs'
import { format } from 'prettier'
import { planJsonSchema } from '../packages/hyperferry/src/config/plan-schema.ts'

const file = new URL('../packages/hyperferry/plan.schema.json', import.meta.url)
writeFileSync(file, await format(JSON.stringify(planJsonSchema()), { parser: 'json', printWidth: 120 }))
