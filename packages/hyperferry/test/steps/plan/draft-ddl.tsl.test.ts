// The community edition also has the columnstore.
import { draftsAreTaken } from './drafts-are-taken.ts'

await draftsAreTaken('tsl', 25)
