/** Between a number and its unit: a space at which no line ends. */
const GAP = '\u00a0'

/** What stands where nothing is known. */
export const NONE = '–'

/** A rate per second, for people: three digits that count, whole from a hundred on. */
export function rate(value: number | null): string {
  if (value === null) return NONE
  if (value === 0) return '0'
  if (value < 0.1) return '<0.1'
  return value < 100 ? trimmed(value.toFixed(1)) : count(Math.round(value))
}

/** Seconds, for people: `4 ms`, `1.2 s`. */
export function duration(seconds: number | null): string {
  if (seconds === null) return NONE
  const ms = seconds * 1000
  if (ms < 10) return `${trimmed(ms.toFixed(1))}${GAP}ms`
  if (ms < 1000) return `${Math.round(ms)}${GAP}ms`
  return `${trimmed(seconds.toFixed(1))}${GAP}s`
}

/** A whole number with its thousands apart. */
export function count(value: number): string {
  return value.toLocaleString('en-GB')
}

/** A share of 0 to 1 in per cent. */
export function percent(share: number): string {
  const value = share * 100
  if (value === 0 || value >= 99.95) return `${Math.round(value)}${GAP}%`
  return value < 0.1 ? `<0.1${GAP}%` : `${trimmed(value.toFixed(value < 10 ? 1 : 0))}${GAP}%`
}

/** How long something takes or took, in whole units: `12 s`, `5 min`, `3 h`, `2 d`. @param ms - Milliseconds. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds}${GAP}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}${GAP}min`
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)}${GAP}h`
  return `${Math.floor(seconds / 86_400)}${GAP}d`
}

/** The time of day, or with the day when it is another one. @param now - Milliseconds since the epoch. */
export function moment(time: number, now: number): string {
  const date = new Date(time)
  const clock = date.toLocaleTimeString('en-GB')
  return date.toDateString() === new Date(now).toDateString()
    ? clock
    : `${date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })} ${clock}`
}

/** `1 backend`, `2 backends`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

function trimmed(text: string): string {
  return text.replace(/\.0+$/, '')
}
