import { draftsAreTaken } from './drafts-are-taken.ts'

await draftsAreTaken('pg18', 25)
await draftsAreTaken('ts-2.19', 25)
