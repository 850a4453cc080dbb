import type { HeaderChanges } from '../config/types.ts'

/** Whether a route sets or removes a field, so that what came of it does not go on. @param name - In lower case. */
export function isChanged(name: string, changes: HeaderChanges | undefined): boolean {
  return changes !== undefined && (changes.remove.includes(name) || Object.hasOwn(changes.set, name))
}
