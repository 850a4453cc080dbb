import type { GroupDocument } from './plan.ts'

/** What requests of a group must be. */
export interface Contract {
  readonly group: string
}

/** Reads it from the group's document. */
export function contractOf({ group }: GroupDocument): Contract {
  return { group }
}
