/** A number, with the unit and the punctuation behind it. */
const NUMBER = /^-?\d+(?:\.\d+)?((?:%|ms|s|KiB|MiB|µs)?[,;.]?)$/

/**
 * Why an output has not the shape that a document shows, or undefined when it has. `…` stands for anything: as a line of its
 * own for any lines, within a word for any letters. A number stands for any number of its unit, except in the first line
 * of an HTTP response. Space between words doesn't count.
 */
export function textDiffers(shown: string, actual: string): string | undefined {
  const lines = actual.trim().split(/\r?\n/)
  const parts = shown.trim().split('\n')
  let at = 0
  let anywhere = false
  for (const part of parts) {
    if (part.trim() === '…') {
      anywhere = true
      continue
    }
    const found = anywhere ? lines.findIndex((line, index) => index >= at && lineMatches(part, line)) : at
    if (found < 0 || !lineMatches(part, lines[found] ?? ''))
      return `"${part}" is not there, but "${lines[at] ?? ''}"`
    at = found + 1
    anywhere = false
  }
  return anywhere || at === lines.length ? undefined : `"${lines[at]}" is not shown`
}

function lineMatches(shown: string, actual: string): boolean {
  const words = shown.trim().split(/\s+/)
  const others = actual.trim().split(/\s+/)
  if (words.at(-1) === '…') {
    words.pop()
    others.splice(words.length)
  }
  const exactly = shown.startsWith('HTTP/')
  return (
    words.length === others.length && words.every((word, index) => wordMatches(word, others[index]!, exactly))
  )
}

function wordMatches(shown: string, actual: string, exactly: boolean): boolean {
  const number = NUMBER.exec(shown)
  if (number && !exactly) return NUMBER.exec(actual)?.[1] === number[1]
  if (!shown.includes('…')) return shown === actual
  const pattern = shown
    .split('…')
    .map((part) => part.replaceAll(/\W/g, '\\$&'))
    .join('.*')
  return new RegExp(`^${pattern}$`, 's').test(actual)
}

/**
 * Why a JSON value has not the shape of the one that a document shows, or undefined when it has: the same properties, texts
 * and booleans; any number for a number. `"…"` stands for anything; as the last of a list, or as a property, for
 * whatever else there is.
 */
export function jsonDiffers(shown: unknown, actual: unknown, place = '$'): string | undefined {
  if (typeof shown === 'string' && shown.includes('…')) {
    const text = typeof actual === 'string' ? actual : JSON.stringify(actual)
    return wordMatches(shown, text ?? '', true) ? undefined : `${place}: ${text}`
  }
  if (typeof shown === 'number' && typeof actual === 'number') return undefined
  if (Array.isArray(shown) && Array.isArray(actual)) return listDiffers(shown, actual, place)
  if (isMapping(shown) && isMapping(actual)) return mappingDiffers(shown, actual, place)
  return Object.is(shown, actual) ? undefined : `${place}: ${JSON.stringify(actual)}`
}

function listDiffers(
  shown: readonly unknown[],
  actual: readonly unknown[],
  place: string
): string | undefined {
  const open = shown.at(-1) === '…'
  const items = open ? shown.slice(0, -1) : shown
  if (open ? actual.length < items.length : actual.length !== items.length)
    return `${place}: ${actual.length} items`
  return first(items, (item, index) => jsonDiffers(item, actual[index], `${place}[${index}]`))
}

function mappingDiffers(shown: Mapping, actual: Mapping, place: string): string | undefined {
  const more = Object.keys(actual).find((key) => !Object.hasOwn(shown, key))
  if (more !== undefined && !Object.hasOwn(shown, '…')) return `${place}.${more} is not shown`
  const keys = Object.keys(shown).filter((key) => key !== '…')
  return first(keys, (key) =>
    Object.hasOwn(actual, key)
      ? jsonDiffers(shown[key], actual[key], `${place}.${key}`)
      : `${place}.${key} is not there`
  )
}

type Mapping = Readonly<Record<string, unknown>>

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function first<T>(
  items: readonly T[],
  look: (item: T, index: number) => string | undefined
): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = look(item, index)
    if (found !== undefined) return found
  }
  return undefined
}
