/** One of the names that an option knows. @throws Error that lists them. */
export function oneOf<Name extends string>(option: string, known: readonly Name[], name: string): Name {
  const found = known.find((each) => each === name)
  if (found === undefined) throw new Error(`${option}: expected ${known.join(', ')}, got ${name}`)
  return found
}

/** A whole number from 1. @throws Error when it is none. */
export function positive(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`${option}: expected a whole number from 1, got ${text}`)
  return value
}
