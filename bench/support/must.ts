/** Something that a run must hold, and what was seen. */
export interface Must {
  readonly what: string
  /** As it is printed. */
  readonly seen: string
  /** What it must be, as it is printed. */
  readonly wanted: string
  /** Undefined = the run was too short to tell. */
  readonly holds: boolean | undefined
}

/** A must that is a count, and must be 0. */
export function none(what: string, count: number): Must {
  return { what, seen: count.toLocaleString('en-US'), wanted: '0', holds: count === 0 }
}

/** Lines of Markdown, one each. */
export function mustLines(musts: readonly Must[]): string {
  return musts
    .map(({ what, seen, wanted, holds }) => `- ${what}: ${seen} (${word(holds)}: ${wanted})`)
    .join('\n')
}

/** Whether none of them fails. */
export function allHold(musts: readonly Must[]): boolean {
  return musts.every(({ holds }) => holds !== false)
}

function word(holds: boolean | undefined): string {
  if (holds === undefined) return 'too short to tell'
  return holds ? 'holds' : 'FAILS'
}
