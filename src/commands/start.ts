import closeWithGrace from 'close-with-grace'
import { Gateway } from '../gateway.ts'
import { createLogger } from '../telemetry/logger.ts'
import { loadCheckedConfig } from '../tls/checked-config.ts'
import { collectBodiesEarly } from './body-garbage.ts'
import { LOG_LEVELS, type LogLevel } from '../config/types.ts'
import { type Command, UsageError } from './main.ts'

/**
 * How long after an interrupt another one is the same, in milliseconds: of Ctrl-C the terminal tells everybody, and npm then passes on
 * what its program has got already.
 */
const ECHO = 500

/** Serves until a signal: SIGTERM or SIGINT stop, a second one at once; SIGHUP reads the configuration again. */
export const start: Command = async ({ config: file, logLevel: level }) => {
  const logLevel = level === undefined ? undefined : checkedLevel(level)
  collectBodiesEarly()
  const config = await loadCheckedConfig(file)
  const log = await createLogger({ level: logLevel ?? config.log.level, format: config.log.format })
  const gateway = await Gateway.start({ config, log, logLevel })
  process.on('SIGHUP', () => void gateway.reload('signal'))
  let isStopping = false
  let interruptedAt: number | undefined
  const stop = closeWithGrace({ delay: false, logger: false, skip: ['SIGHUP', 'SIGINT'] }, async (cause) => {
    isStopping = true
    const { err, signal = interruptedAt === undefined ? undefined : 'SIGINT' } = cause
    if (err) log.fatal({ err }, 'the control plane failed')
    log.info({ signal }, 'stopping')
    const { cut } = await gateway.stop()
    log.info({ cut }, 'stopped')
    log.flush()
    if (cut > 0) process.exit(1)
  })
  process.on('SIGINT', () => {
    const now = performance.now()
    if (!isStopping) {
      interruptedAt = now
      stop.close()
    } else if (interruptedAt === undefined || now - interruptedAt >= ECHO) process.exit(1)
  })
  const redirect = gateway.redirectUrl === undefined ? '' : `, redirect ${gateway.redirectUrl}`
  process.stdout.write(`xecureapi serves ${gateway.url}, admin ${gateway.adminUrl}${redirect}\n`)
  return undefined
}

function checkedLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((each) => each === text)
  if (!level) throw new UsageError(`--log-level is one of ${LOG_LEVELS.join(', ')}, not "${text}"`)
  return level
}
