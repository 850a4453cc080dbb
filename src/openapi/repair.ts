import { DocumentError } from './document-error.ts'
import type { Kind } from './grammar.ts'
import { isObject } from './json.ts'

/** Fields of an object, with those that it must have, and without those that exclude each other. */
export function repaired(kind: Kind, fields: readonly [string, unknown][], at: string): [string, unknown][] {
  const entries = new Map(fields)
  const hasContent = isObject(entries.get('content')) && Object.keys(entries.get('content') as object).length
  if (kind === 'Response' && !entries.has('description')) entries.set('description', '')
  if (kind === 'Parameter' || kind === 'Header') {
    if (hasContent) entries.delete('schema')
    else entries.delete('content')
    if (!entries.has('schema') && !hasContent) entries.set('schema', {})
  }
  if (entries.has('examples')) entries.delete('example')
  if (kind === 'Parameter') repairParameter(entries, at)
  return [...entries]
}

const PLACES: Readonly<Record<string, readonly string[]>> = {
  path: ['matrix', 'label', 'simple'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  header: ['simple'],
  cookie: ['form']
}

function repairParameter(entries: Map<string, unknown>, at: string): void {
  const place = entries.get('in') as string
  const styles = Object.hasOwn(PLACES, place) ? PLACES[place]! : undefined
  if (!styles) throw new DocumentError('invalid', `${at}/in`)
  if (place === 'path') entries.set('required', true)
  if (place !== 'query') for (const key of ['allowEmptyValue', 'allowReserved']) entries.delete(key)
  if (!styles.includes(entries.get('style') as string)) entries.delete('style')
  if (entries.has('content')) for (const key of ['style', 'explode', 'allowReserved']) entries.delete(key)
}
