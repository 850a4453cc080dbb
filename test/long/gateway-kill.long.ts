import { test } from 'node:test'
import { killGatewaysWhileWriting } from '../scenarios/killing-gateways.ts'

test('gateways and their Redis that are killed fifty times lose nothing, and bring nothing back', (t) =>
  killGatewaysWhileWriting(t, 50))
