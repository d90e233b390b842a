/** Durations and times as people say them. Each keeps its width as well as it can. */
import { formatNumber } from './numbers.ts'
import { locale } from './locale.ts'

/** `12 s`, `4 min`, `2 h 14 min`, `3 d 4 h`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** `14:44` today, `Thu 14:44` this week, `12 Nov` before. */
export function formatWhen(at: string | number, now: number): string {
  const date = new Date(at)
  const days = (new Date(now).setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86_400_000
  if (days <= 0) return date.toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' })
  if (days < 7) return date.toLocaleString(locale, { weekday: 'short', hour: '2-digit', minute: '2-digit' })
  return date.toLocaleDateString(locale, { day: 'numeric', month: 'short' })
}

/** `14:44:05`, or without the seconds. */
export function formatClock(at: string | number, precision: ClockPrecision): string {
  return new Date(at).toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit', ...(precision === 'seconds' ? { second: '2-digit' } : {}) })
}

/** For rows beneath each other: `14:44:05` today, `12 Nov 14:44:05` before. */
export function formatStamp(at: string | number, now: number): string {
  const clock = formatClock(at, 'seconds')
  const today = new Date(at).toDateString() === new Date(now).toDateString()
  return today ? clock : `${new Date(at).toLocaleDateString(locale, { day: '2-digit', month: 'short' })} ${clock}`
}

/** `Thu 12 Nov 2026, 14:44:05`: all of it, for whoever points at a shorter one. */
export function formatFull(at: string | number): string {
  return new Date(at).toLocaleString(locale, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit' })
}

/** `40 ms`, `1.2 s`, `12 s`: how long something took. */
export function formatTook(ms: number): string {
  if (ms < 100) return `${Math.max(1, Math.round(ms))} ms`
  return ms < 9950 ? `${formatNumber(ms / 1000, 1)} s` : formatDuration(ms / 1000)
}

/** `Today`, `Yesterday`, `Tue 17 Nov`: a day as a head over what happened in it. */
export function formatDay(at: string | number, now: number, words: { readonly today: string; readonly yesterday: string }): string {
  const days = Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86_400_000)
  if (days === 0) return words.today
  if (days === 1) return words.yesterday
  return new Date(at).toLocaleDateString(locale, { weekday: 'short', day: 'numeric', month: 'short' })
}

export type ClockPrecision = 'minutes' | 'seconds'

/** `09:12` today, `Tue 17, 09:12`, `17 Nov, 09:12` where the weekday would mislead; with seconds where that is asked for. */
export function formatMoment(at: string | number, now: number, precision: ClockPrecision = 'minutes'): string {
  const clock = formatClock(at, precision)
  if (new Date(at).toDateString() === new Date(now).toDateString()) return clock
  const day = new Date(at).toLocaleDateString(locale, now - new Date(at).getTime() < 20 * 86_400_000 ? { weekday: 'short', day: 'numeric' } : { day: 'numeric', month: 'short' })
  return `${day}, ${clock}`
}

/** Seconds where minutes alone would say the same of two of them. */
export function precisionFor(moments: readonly (string | number)[]): ClockPrecision {
  const minutes = new Set(moments.map((at) => Math.floor(new Date(at).getTime() / 60_000)))
  return minutes.size < moments.length ? 'seconds' : 'minutes'
}
