/**
 * Hands out the names of the composed document. The group stands before each, so that groups don't meet; where names
 * would be the same all the same (`a_b` of `c`, `b` of `c_a`), the later one gets a number.
 */
export class Names {
  readonly #taken = new Map<string, Set<string>>()

  /**
   * A name that nobody else has.
   *
   * @param space - What the name is unique in, such as `schemas`.
   */
  claim(space: string, wanted: string): string {
    let taken = this.#taken.get(space)
    if (!taken) this.#taken.set(space, (taken = new Set()))
    let name = wanted
    for (let number = 2; taken.has(name); number++) name = `${wanted}_${number}`
    taken.add(name)
    return name
  }
}

/** A name as components may have it: letters, digits, `.`, `_` and `-`. */
export function componentName(group: string, name: string): string {
  return `${group}_${name.replaceAll(/[^A-Za-z0-9._-]/g, '_')}`
}
