/**
 * The RPC library asks of everything that passes whether it is a `FormData`, and the first look
 * at Node's own loads all of its fetch: 9 MB and 15 ms of an engine's first answer (Node 20.20).
 * What passes through an engine's socket is JSON and nothing else (hosts/socket/request-body.ts),
 * so a class without instances answers as well. For a process that does nothing but hold the engine.
 */
Object.defineProperty(globalThis, 'FormData', { value: class FormData {}, configurable: true, writable: true })
export {}
