/** A mapping of JSON. What comes from outside may have any key: ask for own ones only, and never assign one by name. */
export type JsonObject = { readonly [key: string]: unknown }

/** Whether a value is a mapping. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value of an own key. */
export function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** The mapping at an own key; an empty one where there is none. */
export function objectAt(object: JsonObject, key: string): JsonObject {
  const value = own(object, key)
  return isObject(value) ? value : {}
}

/** The list at an own key; an empty one where there is none. */
export function listAt(object: JsonObject, key: string): readonly unknown[] {
  const value = own(object, key)
  return Array.isArray(value) ? value : []
}

/** The text at an own key. */
export function textAt(object: JsonObject, key: string): string | undefined {
  const value = own(object, key)
  return typeof value === 'string' ? value : undefined
}

/** A step of a JSON Pointer (RFC 6901) as it is written. */
export function pointerStep(key: string | number): string {
  return `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** What a JSON Pointer in a URI fragment (`#/a/b`) names: its steps; undefined when it is none. */
export function pointerSteps(fragment: string): string[] | undefined {
  if (!fragment.startsWith('#/')) return undefined
  try {
    const steps = decodeURIComponent(fragment.slice(2)).split('/')
    return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  } catch {
    return undefined
  }
}

/** The value that steps lead to, by own keys only; undefined when there is none. */
export function valueAtSteps(root: unknown, steps: readonly string[]): unknown {
  let value = root
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as JsonObject)[step]
  }
  return value
}
