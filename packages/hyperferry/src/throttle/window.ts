/** Whether it is the time of the day. */
import type { TimeWindow } from '../model.ts'

/** Minutes since midnight in `zone`; `epochMs` as of Date.now(). */
export function minuteOfDay(epochMs: number, zone: string): number {
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  const parts = new Map(clock.formatToParts(epochMs).map(({ type, value }) => [type, Number(value)]))
  return (parts.get('hour') ?? 0) * 60 + (parts.get('minute') ?? 0)
}

/** From its first minute to before its last; around midnight when it begins later than it ends. */
export function isInside({ from, to }: Pick<TimeWindow, 'from' | 'to'>, minute: number): boolean {
  return from < to ? minute >= from && minute < to : minute >= from || minute < to
}

/** `22:00-06:00 UTC`. */
export function windowText({ from, to, zone }: TimeWindow): string {
  return `${clockText(from)}-${clockText(to)} ${zone}`
}

/** `22:05`. */
export function clockText(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
}
