/** The public API. The command line and everything outside of the engine import this file and no other. */
export * from './index-copy.ts'
export { isRowId, readFixes } from './config/fix-file.ts'
export { demo } from './demo/demo.ts'
export type { DemoDocument, DemoOptions } from './demo/demo.ts'
export { SABOTAGE } from './demo/sabotage.ts'
export { report, status } from './inspect.ts'
export { makePlanFile } from './make-plan.ts'
export type { MakePlanOptions, PlanDocument } from './make-plan.ts'
export {
  backfill,
  check,
  LIVE_STEPS,
  OFFLINE_STEPS,
  relational,
  runLive,
  runOffline,
  schema,
  verify,
} from './migration.ts'
export type {
  CopyOptions,
  LiveRunDocument,
  LiveStep,
  MutatingOptions,
  OfflineStep,
  Previewed,
  RunDocument,
  RunOptions,
  VerifyRequest,
} from './migration.ts'
export { declareWriter, grantWriter, journalDeclareLost } from './live/writers.ts'
export { completionPoint } from './live/completion-point.ts'
export type { CompletionResult } from './live/completion-point.ts'
export { jobsPause, jobsRestore, jobsRun, jobsStatus } from './live/jobs.ts'
export type { JobsResult } from './live/jobs.ts'
export { quarantineDiscard, quarantineFix, quarantineList, quarantineRetry, quarantineRows } from './live/quarantine.ts'
export type { Fix, QuarantineDocument, QuarantinedRow, SettledRows } from './live/quarantine.ts'
export { backfillPause, backfillResume, backfillSet } from './live/pacing.ts'
export type { PaceDocument } from './live/pacing.ts'
export { refresh } from './live/refresh.ts'
export type { RefreshResult } from './live/refresh.ts'
export { loadTest } from './live/load-test.ts'
export type { LoadTestResult } from './live/load-test.ts'
export { listParkedRecords, settleParkedRecords } from './live/parked.ts'
export type { ParkedDocument, SettledDocument } from './live/parked.ts'
export { exportTables } from './live/export.ts'
export type { ExportDocument } from './live/export.ts'
export { cutover } from './live/cutover.ts'
export type { CutoverResult } from './live/cutover.ts'
export { finish } from './live/finish.ts'
export type { FinishResult } from './live/finish.ts'
export { rollback } from './live/rollback.ts'
export type { RollbackResult } from './live/rollback.ts'
export { setStage, showStage, stageNamed } from './live/stage.ts'
export type { StageResult } from './live/stage.ts'
export type { Check, Finding, Gate, Plan, WriterInfo } from './model.ts'
export type { PlanOptions } from './open-migration.ts'
export type { VerifyDocument } from './steps/verify.ts'
