import { parseDuration } from './units.ts'

/** A value that is there because the schema has a default for it. */
export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('the schema has no default for a value that needs one')
  return value
}

/** Milliseconds of a duration that the schema accepts. */
export function duration(text: string | undefined): number {
  return present(parseDuration(present(text)))
}

/** Without the keys that have no value. */
export function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
