import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Block, placeOf, wordOf } from './blocks.ts'
import type { PortMap } from './port-map.ts'
import { jsonDiffers, textDiffers } from './shape.ts'
import type { ShellSession } from './shell-session.ts'
import { type Way, waysOf } from './ways.ts'

/** What a reader would do with a block. */
export type Walked = 'shell' | 'transcript' | 'output' | 'program' | 'write'

/** How long what is asked for may take to become as shown: a probe, a lease, a reload. */
const PATIENCE = 10_000

/** Commands that only look, so that they may be asked again: one line, and nothing is sent. */
const LOOKS =
  /^(?:curl -s(?!.* (?:-X|-d|-T|--data))|npx xecureapi (?:status|routes|explain|backends list)).*\n?$/

/** What is to be done with a block when a document is followed; nothing with those that only other tests look at. */
export function stepsOf(block: Block): Walked[] {
  const [way] = waysOf(block)
  const steps: Walked[] = []
  const runs = way === 'code' && (block.words.includes('program') || block.words.includes('stays'))
  if (runs || wordOf(block, 'file') !== undefined) steps.push('write')
  if (way === 'shell' || way === 'transcript' || way === 'output') steps.push(way)
  if (runs) steps.push('program')
  return steps
}

/** Whether a document is followed at all. */
export function isWalked(blocks: readonly Block[]): boolean {
  return blocks.some((block) => stepsOf(block).length > 0)
}

/** Whether a document starts a gateway of its own; others talk to the demo's. */
export function hasOwnGateway(blocks: readonly Block[]): boolean {
  const starts = /^(?:npx xecureapi|xecureapi|npm) start\b/m
  return blocks.some((block) => waysOf(block).includes('shell' satisfies Way) && starts.test(block.text))
}

/** Follows a document as its reader would, block by block. @throws Error with the place of the first block that does not what it says */
export async function walk(blocks: readonly Block[], shell: ShellSession, ports: PortMap): Promise<void> {
  let output = ''
  let last = ''
  for (const block of blocks) {
    try {
      for (const step of stepsOf(block)) {
        if (step === 'write') await writeBlock(block, shell, ports)
        else if (step === 'output') await compare(block, shell, output, last, ports)
        else if (step === 'transcript') await walkTranscript(block, shell, ports)
        else {
          last = step === 'program' ? `node ${fileOf(block)}` : ports.there(block.text)
          output = await runBlock(block, last, shell)
        }
      }
    } catch (error) {
      throw new Error(`${placeOf(block)}: ${ports.back((error as Error).message)}`, { cause: error })
    }
  }
}

async function writeBlock(block: Block, shell: ShellSession, ports: PortMap): Promise<void> {
  const file = resolve(shell.cwd, fileOf(block))
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, ports.there(block.text))
}

/** The file that a block is written to. */
function fileOf(block: Block): string {
  return wordOf(block, 'file') ?? `program-${block.line}.${block.language === 'ts' ? 'ts' : 'mjs'}`
}

async function runBlock(block: Block, text: string, shell: ShellSession): Promise<string> {
  if (block.words.includes('stays')) return await shell.start(text)
  const { output } = await shell.run(text, Number(wordOf(block, 'exit') ?? 0))
  // Who types on needs longer than a server that starts; this does not.
  if (/&$/m.test(text)) {
    for (const [, port] of text.matchAll(/\bPORT=(\d+)/g)) await shell.run(untilListening(port!))
  }
  return output
}

function untilListening(port: string): string {
  const asks = `(: < /dev/tcp/127.0.0.1/${port}) 2>/dev/null`
  return `for ((tries = 0; tries < 500; tries++)); do ${asks} && break; sleep 0.02; done; ${asks}`
}

/** Compares what the block before has printed, and asks again where that is possible. */
async function compare(
  block: Block,
  shell: ShellSession,
  output: string,
  command: string,
  ports: PortMap
): Promise<void> {
  let printed: string | undefined = output
  await patiently(LOOKS.test(command), async () => {
    printed ??= (await shell.try(command)).output
    const differs = differenceOf(block, ports.back(printed))
    if (differs === undefined) return undefined
    const said = `${differs}\nin:\n${printed}`
    printed = undefined
    return said
  })
}

function differenceOf({ language, text }: Block, actual: string): string | undefined {
  if (language !== 'json') return textDiffers(text, actual)
  return jsonDiffers(JSON.parse(text), JSON.parse(actual))
}

/** Runs each `$ command` of a transcript and compares what it prints with the lines behind it. */
async function walkTranscript({ text }: Block, shell: ShellSession, ports: PortMap): Promise<void> {
  for (const part of text.split(/^\$ /m).slice(1)) {
    const end = /(?<!\\)\n/.exec(part)?.index ?? part.length
    const command = part.slice(0, end)
    await patiently(LOOKS.test(command), async () => {
      const { output } = await shell.try(ports.there(command))
      const differs = textDiffers(part.slice(end), ports.back(output))
      return differs === undefined ? undefined : `${command}: ${differs}\nin:\n${output}`
    })
  }
}

async function patiently(again: boolean, look: () => Promise<string | undefined>): Promise<void> {
  const deadline = performance.now() + PATIENCE
  for (;;) {
    const differs = await look()
    if (differs === undefined) return
    if (!again || performance.now() > deadline) throw new Error(differs)
    await delay(100)
  }
}
