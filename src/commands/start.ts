import closeWithGrace from 'close-with-grace'
import { Gateway } from '../gateway.ts'
import { createLogger } from '../telemetry/logger.ts'
import { loadCheckedConfig } from '../tls/checked-config.ts'
import { collectBodiesEarly } from './body-garbage.ts'
import { LOG_LEVELS, type LogLevel } from '../config/types.ts'
import { type Command, UsageError } from './main.ts'

/** Serves until a signal: SIGTERM or SIGINT stop, a second one at once; SIGHUP reads the configuration again. */
export const start: Command = async ({ config: file, logLevel: level }) => {
  const logLevel = level === undefined ? undefined : checkedLevel(level)
  collectBodiesEarly()
  const config = await loadCheckedConfig(file)
  const log = await createLogger({ level: logLevel ?? config.log.level, format: config.log.format })
  const gateway = await Gateway.start({ config, log, logLevel })
  process.on('SIGHUP', () => void gateway.reload('signal'))
  closeWithGrace({ delay: false, logger: false, skip: ['SIGHUP'] }, async ({ signal, err }) => {
    if (err) log.fatal({ err }, 'the control plane failed')
    log.info({ signal }, 'stopping')
    const { cut } = await gateway.stop()
    log.info({ cut }, 'stopped')
    log.flush()
    if (cut > 0) process.exit(1)
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
