import { test } from 'node:test'
import { killGatewaysWhileWriting } from './killing-gateways.ts'

test('gateways and their Redis that are killed lose nothing that was acknowledged, and bring nothing back', (t) =>
  killGatewaysWhileWriting(t, 5))
