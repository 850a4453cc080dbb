import type { Backend } from '../upstreams/backend.ts'

/** Field of a response in which a backend reports its load; with `-bin` and `-json` behind it there are others. */
const FIELD = 'endpoint-load-metrics'
/** A longer report is no report. */
const MAX_LENGTH = 4096

/** Whether a field of a response reports load, which is for the gateway alone. @param name - In lower case. */
export function isLoadReport(name: string): boolean {
  return name.startsWith(FIELD)
}

/** Who takes what a backend reports. */
export type LoadReporter = Pick<Backend, 'report'>

/** Takes what a field that {@link isLoadReport} says of the backend's load, if it can be read. */
export function takeLoadReport(name: string, value: string, reporter: LoadReporter): void {
  if (name.length !== FIELD.length) return
  const utilization = readUtilization(value)
  if (utilization !== undefined) reporter.report(utilization)
}

/** The same of whatever header or trailers. @param fields - Names and values in turn. */
export function takeLoadReports(fields: readonly string[], reporter: LoadReporter): void {
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index]!.toLowerCase()
    if (isLoadReport(name)) takeLoadReport(name, fields[index + 1]!, reporter)
  }
}

/**
 * The utilization in a load report of ORCA, as Envoy and gRPC have it: `TEXT cpu_utilization=0.3, named_metrics.x=1`
 * (older senders leave `TEXT` out and write `:` for `=`) or `JSON {"cpu_utilization": 0.3}`. As in gRFC A58 it is
 * what the application says of itself, if that is above 0, or that of the CPU.
 *
 * @returns 0 to 1; undefined when it reports none, or can't be read.
 * @see https://github.com/cncf/xds/blob/main/xds/data/orca/v3/orca_load_report.proto
 * @see https://github.com/grpc/proposal/blob/master/A51-custom-backend-metrics.md
 */
export function readUtilization(report: string): number | undefined {
  if (report.length > MAX_LENGTH) return undefined
  const isJson = report.startsWith('JSON ')
  const read = isJson
    ? readJson(report.slice(5))
    : readText(report.startsWith('TEXT ') ? report.slice(5) : report)
  if (!read) return undefined
  const [application, cpu] = read
  const utilization = application || cpu
  return utilization === undefined ? undefined : Math.min(1, Math.max(0, utilization))
}

type Utilizations = readonly [application: number | undefined, cpu: number | undefined]

/** @returns undefined when one of its entries is none. */
function readText(text: string): Utilizations | undefined {
  let application: number | undefined
  let cpu: number | undefined
  for (const entry of text.split(',')) {
    const [, name, written] = ENTRY.exec(entry) ?? []
    const value = Number(written)
    if (!Number.isFinite(value)) return undefined
    if (name === 'application_utilization') application = value
    else if (name === 'cpu_utilization') cpu = value
  }
  return [application, cpu]
}

const ENTRY = /^\s*([^\s=:]+)\s*[=:]\s*([-+]?[\d.]+(?:e[-+]?\d+)?)\s*$/i

/** @returns undefined when it is no JSON object, or holds something else where a number belongs. */
function readJson(text: string): Utilizations | undefined {
  let report: unknown
  try {
    report = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof report !== 'object' || report === null) return undefined
  // Libraries for protocol buffers write names of either form.
  const { cpu_utilization, cpuUtilization, application_utilization, applicationUtilization } =
    report as Record<string, unknown>
  const application = application_utilization ?? applicationUtilization
  const cpu = cpu_utilization ?? cpuUtilization
  return isNumber(application) && isNumber(cpu) ? [application, cpu] : undefined
}

/** JSON has no infinity, but numbers that are too large become it. */
function isNumber(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === 'number' && Number.isFinite(value))
}
