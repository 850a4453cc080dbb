import { configSchema } from '../config/schema.ts'
import type { Command } from './main.ts'

/** Prints the JSON Schema of the configuration, for editors. */
export const schema: Command = async () => {
  process.stdout.write(`${JSON.stringify(configSchema, null, 2)}\n`)
  return 0
}
