/** Where a value stands in a document: keys and indices from the root. */
export type Path = readonly (string | number)[]

/**
 * Writes a path as people do: `upstreams.catalog.backends[0].weight`. Keys with other characters than word
 * characters and `-` are quoted (`headers["a b"]`), so no two paths look the same. The root is `(root)`.
 */
export function formatPath(path: Path): string {
  if (path.length === 0) return '(root)'
  const text = path.map((step) => {
    if (typeof step === 'number') return `[${step}]`
    return /^[\w-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`
  })
  return text.join('').replace(/^\./, '')
}

/** The value at a path, or undefined when the document ends before. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Record<string | number, unknown>)[step]
  }
  return value
}

/** Whether `path` is `ancestor` or lies below it. */
export function isWithin(path: Path, ancestor: Path): boolean {
  return ancestor.length <= path.length && ancestor.every((step, index) => step === path[index])
}

/**
 * Turns a JSON Pointer (RFC 6901) into a path; a step into a list becomes a number.
 *
 * @param root - The document that the pointer points into.
 */
export function pathOfPointer(root: unknown, pointer: string): Path {
  const path: (string | number)[] = []
  let value = root
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~')
    path.push(Array.isArray(value) ? Number(key) : key)
    value = valueAt(value, path.slice(-1))
  }
  return path
}
