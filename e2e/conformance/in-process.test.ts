import { connectInProcess } from '../../engine/in-process.ts'
import { conformance } from './conformance.ts'

conformance('in process', (face, log) => Promise.resolve(connectInProcess(face, log)))
