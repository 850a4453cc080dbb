/** A gateway under steady load for a long time: `npm run bench:soak -- --help`. */
import { buildProject } from '../support/build-project.ts'
import { checkMachine, machineFacts } from '../support/machine.ts'
import { figure, markdownTable } from '../support/markdown.ts'
import { allHold, mustLines } from '../support/must.ts'
import { progress, runBenchmark, say } from '../support/run-benchmark.ts'
import { judge } from './goals.ts'
import type { Minute } from './minutes.ts'
import { readOptions, USAGE } from './options.ts'
import { runSoak, type SoakResult } from './soak-run.ts'

const PROGRAMS = {
  nginx: { command: 'nginx', debian: 'nginx', version: ['-v'] },
  wrk: { command: 'wrk', debian: 'wrk', version: ['-v'] }
} as const

/** Every so many minutes has a row. */
const STEP = 5

await runBenchmark(run)

async function run(args: string[], folder: string): Promise<void> {
  const options = readOptions(args)
  if (options.help) return say(USAGE)
  checkMachine({ taskset: 'util-linux', nginx: 'nginx', wrk: 'wrk' })
  if (options.build) buildProject()
  say(`\`node ${['bench/soak/main.ts', ...args].join(' ')}\``)
  say(machineFacts(PROGRAMS).join('\n'))
  const result = await runSoak({ ...options, folder })
  const musts = judge(result)
  say(soakTable(result.minutes))
  say(summary(result))
  say(mustLines(musts))
  if (result.odd.length > 0) progress(result.odd.slice(0, 10).join('\n'))
  if (!allHold(musts)) process.exitCode = 1
}

function soakTable(minutes: readonly Minute[]): string {
  const shown = minutes.filter(
    ({ number }) => number === 1 || number % STEP === 0 || number === minutes.at(-1)!.number
  )
  const head = [
    'minute',
    'requests/s',
    'RSS MiB',
    'heap of the control plane MiB',
    'handles',
    'no connections',
    'threads',
    'loop late p99 ms'
  ]
  const rows = shown.map((minute) => [
    String(minute.number),
    figure(minute.perSecond),
    minute.memory.toFixed(0),
    minute.heap.toFixed(0),
    String(minute.handles),
    String(minute.otherHandles),
    String(minute.threads),
    minute.delay.toFixed(1)
  ])
  return markdownTable([head, ...rows])
}

function summary({ peak, report, before, after }: SoakResult): string {
  const { requests, seconds, p50, p99 } = report
  return [
    `- the gateway can do ${figure(peak)} requests/s; it was asked for ${figure(requests / seconds)}, ${requests.toLocaleString('en-US')} in all`,
    `- p50 ${(p50 / 1000).toFixed(2)} ms, p99 ${(p99 / 1000).toFixed(2)} ms`,
    `- without load: ${before.memory.toFixed(0)} MiB and ${before.handles} handles before, ${after.memory.toFixed(0)} MiB and ${after.handles} after`
  ].join('\n')
}
