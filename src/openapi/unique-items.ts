import { _, type CodeKeywordDefinition } from 'ajv'

/**
 * Whether a list has no value twice. Ajv compares each with each, which for the longest body that there may be takes
 * hours; here each is written out once.
 */
export function hasUniqueItems(list: readonly unknown[]): boolean {
  return new Set(list.map(canonical)).size === list.length
}

/** The same text for equal values, in whatever order their properties are. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join()}}`
}

/** `uniqueItems` for Ajv. */
export const UNIQUE_ITEMS: CodeKeywordDefinition = {
  keyword: 'uniqueItems',
  type: 'array',
  schemaType: 'boolean',
  error: { message: 'must NOT have duplicate items' },
  code(context) {
    if (context.schema !== true) return
    const check = context.gen.scopeValue('func', {
      ref: hasUniqueItems,
      code: _`require("unique-items").hasUniqueItems`
    })
    context.fail(_`!${check}(${context.data})`)
  }
}
