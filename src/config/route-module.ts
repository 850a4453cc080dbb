import type { SourceDocument } from './document.ts'
import { valueAt, type Path } from './path.ts'

/**
 * A module that exports routes, as a document. Its values don't know their lines, so a line is where the text of
 * the value (for a key: of the key) stands nearest to the route's path in the module's source; 1 when it stands
 * nowhere.
 *
 * @param file - How messages name the module.
 * @param source - The module's text.
 * @param routes - What it exports.
 */
export function moduleDocument(file: string, source: string, routes: unknown): SourceDocument {
  return {
    file,
    has: (path) => valueAt(routes, path) !== undefined,
    writtenAt: () => undefined,
    lineOf(path, at) {
      const anchor = anchorOf(source, routes, path)
      const text = at === 'key' ? path.at(-1) : textAt(routes, path)
      const offset = (text === undefined ? undefined : nearest(source, text, anchor ?? 0)) ?? anchor ?? 0
      return source.slice(0, offset).split('\n').length
    }
  }
}

/** Where the route that a path leads into has its own path, searched for in the order of the routes. */
function anchorOf(source: string, routes: unknown, path: Path): number | undefined {
  const index = path[0]
  if (typeof index !== 'number') return undefined
  let offset = 0
  let found: number | undefined
  for (let route = 0; route <= index; route++) {
    const text = valueAt(routes, [route, 'path']) ?? valueAt(routes, [route, 'name'])
    found = typeof text === 'string' ? after(source, text, offset) : undefined
    if (found !== undefined) offset = found + 1
  }
  return found
}

function textAt(routes: unknown, path: Path): string | number | undefined {
  const value = valueAt(routes, path)
  if (typeof value === 'string' || typeof value === 'number') return value
  // A list or mapping is found by its key; what is missing is nowhere.
  return path.length > 1 && value !== undefined ? path.at(-1) : undefined
}

function after(source: string, text: string, offset: number): number | undefined {
  return offsetsOf(source, text).find((found) => found >= offset)
}

function nearest(source: string, text: string | number, anchor: number): number | undefined {
  const offsets = offsetsOf(source, text)
  return offsets.toSorted((a, b) => Math.abs(a - anchor) - Math.abs(b - anchor))[0]
}

/** Where a text stands: in quotes if it does so anywhere, else as a word of its own. */
function offsetsOf(source: string, text: string | number): number[] {
  const needle = String(text)
  const offsets: number[] = []
  for (let found = source.indexOf(needle); found !== -1; found = source.indexOf(needle, found + 1)) {
    offsets.push(found)
  }
  const isBetween = (pattern: RegExp) => (offset: number) =>
    pattern.test(source.charAt(offset - 1)) && pattern.test(source.charAt(offset + needle.length))
  const quoted = typeof text === 'string' ? offsets.filter(isBetween(/^['"`]$/)) : []
  return quoted.length > 0 ? quoted : offsets.filter(isBetween(/^[^\w-]?$/))
}
