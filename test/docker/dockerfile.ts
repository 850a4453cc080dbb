import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The project's folder. */
export const ROOT = join(import.meta.dirname, '../..')

/** One instruction: `COPY --from=build /app/dist/ ./`. */
export interface Instruction {
  readonly name: string
  /** `--from=build` → `build`, by name. */
  readonly flags: ReadonlyMap<string, string>
  /** What stands behind it, without its flags; continued lines are one. */
  readonly text: string
  /** Line, starting at 1. */
  readonly line: number
}

/** A stage of the build, from its FROM on. */
export interface Stage {
  readonly name: string
  /** The image or stage that it begins with. */
  readonly from: string
  readonly instructions: readonly Instruction[]
}

/** Reads the stages of a Dockerfile as far as ours goes: no parser directives, no heredocs. */
export function parseDockerfile(source: string): Stage[] {
  const stages: (Stage & { instructions: Instruction[] })[] = []
  for (const instruction of instructionsOf(source)) {
    if (instruction.name === 'FROM') {
      const [from = '', , name = ''] = instruction.text.split(/\s+/)
      stages.push({ name, from, instructions: [] })
    } else stages.at(-1)?.instructions.push(instruction)
  }
  return stages
}

function* instructionsOf(source: string): Generator<Instruction> {
  const lines = source.split('\n')
  for (let index = 0; index < lines.length; index++) {
    const first = index
    let text = lines[index]!.trim()
    if (text === '' || text.startsWith('#')) continue
    while (text.endsWith('\\')) {
      const next = lines[++index]?.trim() ?? ''
      text = `${text.slice(0, -1).trim()} ${next.startsWith('#') ? '\\' : next}`
    }
    const [, name = '', rest = ''] = /^(\S+)\s*(.*)$/.exec(text) ?? []
    const [, options = '', words = ''] = /^((?:--\S+\s+)*)(.*)$/.exec(rest) ?? []
    const flags = [...options.matchAll(/--([\w-]+)=(\S+)/g)].map(([, key, value]) => [key!, value!] as const)
    yield { name: name.toUpperCase(), flags: new Map(flags), text: words, line: first + 1 }
  }
}

/** The words of the exec form (`["node", "cli.js"]`); undefined for the one that a shell would have to run. */
export function execForm({ text }: Instruction): readonly string[] | undefined {
  const json = text.replace(/^CMD\s+/, '')
  return json.startsWith('[') ? (JSON.parse(json) as string[]) : undefined
}

/** A stage with all that it begins with, the earliest first. */
export function withParents(stages: readonly Stage[], name: string): Instruction[] {
  const stage = stages.find((each) => each.name === name)
  return stage ? [...withParents(stages, stage.from), ...stage.instructions] : []
}

/** The last instruction of this name. @throws Error when there is none. */
export function lastOf(instructions: readonly Instruction[], name: string): Instruction {
  const found = instructions.findLast((each) => each.name === name)
  if (!found) throw new Error(`there is no ${name}`)
  return found
}

/** The project's own. */
export async function ownDockerfile(): Promise<Stage[]> {
  return parseDockerfile(await readFile(join(ROOT, 'Dockerfile'), 'utf8'))
}
