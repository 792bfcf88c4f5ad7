/** Step 7a: policies and other jobs of the migrated tables stand still while rows are copied, and are put back exactly. */
export { nothingHere } from './jobs/context.ts'
export type { JobsContext, JobsResult } from './jobs/context.ts'
export { pause } from './jobs/pause.ts'
export type { PauseOptions } from './jobs/pause.ts'
export { restore } from './jobs/restore.ts'
export type { RestoreOptions } from './jobs/restore.ts'
export { runJobs } from './jobs/run.ts'
export { jobsStatus } from './jobs/status.ts'
