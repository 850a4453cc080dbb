/** Writes docs/reference.md from the schema: `npm run docs:reference`. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { configSchema } from '../src/config/schema.ts'
import { referenceOf } from './config-reference.ts'

await writeFile(join(import.meta.dirname, '../docs/reference.md'), referenceOf(configSchema))
