import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'

/** Where the files of Prometheus and Grafana stand. */
export const MONITORING = join(import.meta.dirname, '../../monitoring')

/** A recording rule, or an alert. */
export interface Rule {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly for?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/** The rules of `monitoring/rules.yml`, in their order. */
export async function readRules(): Promise<Rule[]> {
  const { groups } = parse(await readFile(join(MONITORING, 'rules.yml'), 'utf8')) as {
    readonly groups: readonly { readonly rules: readonly Rule[] }[]
  }
  return groups.flatMap(({ rules }) => rules)
}
