/** A gateway amid chaos: `npm run bench:chaos -- --help`. */
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Cleanups } from '../../test/helpers/cleanup.ts'
import { buildProject } from '../support/build-project.ts'
import { checkMachine, machineFacts } from '../support/machine.ts'
import { allHold, mustLines } from '../support/must.ts'
import { progress, runBenchmark, say } from '../support/run-benchmark.ts'
import { GROUPS } from './chaos-config.ts'
import { runChaos } from './chaos-run.ts'
import { judge } from './goals.ts'
import { readOptions, USAGE } from './options.ts'
import { caseLines, outcomeTable, remarks } from './tables.ts'

/** Trouble begins about twice a second, and lasts as long as it takes for its effects to be seen. */
const PACE = { pause: [200, 800], length: [500, 4_000] } as const

const REDIS = { command: 'redis-server', debian: 'redis-server', version: ['--version'] }

await runBenchmark(run)

async function run(args: string[], folder: string): Promise<void> {
  const options = readOptions(args)
  if (options.help) return say(USAGE)
  checkMachine({ 'redis-server': 'redis-server' })
  if (options.build) buildProject()
  const { seed, seconds, rate, cli, cases, keep, hasTls } = options
  const others = args.filter((arg, index) => arg !== '--seed' && args[index - 1] !== '--seed')
  say(`\`node ${['bench/chaos/main.ts', ...others, '--seed', String(seed)].join(' ')}\``)
  say(machineFacts({ Redis: REDIS }).join('\n'))
  progress(`chaos for ${seconds} s`)
  const cleanups = new Cleanups()
  // Whatever it ends with, nothing is left behind; what is killed is killed at once.
  process.on('exit', () => void cleanups.run().catch(() => {}))
  try {
    const duration = 1000 * seconds
    const result = await runChaos(cleanups, {
      hasTls,
      cli,
      folder,
      seed,
      duration,
      rate,
      groups: GROUPS,
      pace: PACE
    })
    const musts = judge(result)
    say(outcomeTable(result))
    say(remarks(result))
    say(mustLines(musts))
    const lines = caseLines(result, cases)
    if (lines !== '') progress(lines)
    if (!allHold(musts)) process.exitCode = 1
  } finally {
    if (keep !== undefined) {
      await mkdir(keep, { recursive: true })
      for (const name of ['log', 'errors']) await copyFile(join(folder, name), join(keep, name))
    }
    await cleanups.run()
  }
}
