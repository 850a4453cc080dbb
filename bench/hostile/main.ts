/** Ordinary clients beside hostile ones: `npm run bench:hostile -- --help`. */
import { buildProject } from '../support/build-project.ts'
import { checkMachine, machineFacts } from '../support/machine.ts'
import { runBenchmark, say } from '../support/run-benchmark.ts'
import { HostileRun } from './hostile-run.ts'
import { readOptions, USAGE } from './options.ts'
import { allowed, FLOOR, holds, hostileTable, remarks } from './results.ts'

await runBenchmark(run)

async function run(args: string[], folder: string): Promise<void> {
  const options = readOptions(args)
  if (options.help) return say(USAGE)
  checkMachine({ taskset: 'util-linux', slowhttptest: 'slowhttptest', openssl: 'openssl' })
  if (options.build) buildProject()
  say(`\`node bench/hostile/main.ts${args.map((arg) => ` ${arg}`).join('')}\``)
  say(
    machineFacts({ slowhttptest: { command: 'slowhttptest', debian: 'slowhttptest', version: ['-h'] } }).join(
      '\n'
    )
  )
  const results = await new HostileRun(options, folder).run()
  say(hostileTable(results))
  const usual = Math.max(...results.map((result) => result.usual))
  say(
    `In time: status 2xx within 2 × the usual p99, which counts as ${FLOOR} ms at least (so within ${allowed(usual).toFixed(1)} ms or less).`
  )
  const more = remarks(results)
  if (more !== '') say(more)
  if (!results.every(holds)) process.exitCode = 1
}
