/** As much of noVNC 1.7 as is used here; from its docs/API.md, and below the line from its core/rfb.js. */
declare module '@novnc/novnc' {
  export default class RFB extends EventTarget {
    constructor(target: HTMLElement, channel: object, options?: { shared?: boolean })
    scaleViewport: boolean
    clipViewport: boolean
    resizeSession: boolean
    viewOnly: boolean
    showDotCursor: boolean
    focusOnClick: boolean
    background: string
    qualityLevel: number
    compressionLevel: number
    disconnect(): void
    focus(options?: FocusOptions): void
    blur(): void
    sendCtrlAltDel(): void
    sendKey(keysym: number, code: string | null, down?: boolean): void
    clipboardPasteFrom(text: string): void
    // Not in its API; sharp-viewer.ts says what for.
    static readonly messages: { clientEncodings: (socket: unknown, encodings: readonly number[]) => void; fbUpdateRequest(socket: unknown, incremental: boolean, x: number, y: number, width: number, height: number): void; extendedClipboardProvide: (socket: unknown, formats: readonly number[], contents: readonly string[]) => void; clientCutText(socket: unknown, content: Uint8Array, extended: boolean): void }
    protected readonly _FBU: { readonly rects: number }
    protected readonly _fbWidth: number
    protected readonly _fbHeight: number
    protected readonly _display: { scale: number }
    protected readonly _sock: { rQwait(what: string, bytes: number, back: number): boolean; rQpeekBytes(bytes: number): Uint8Array; rQskipBytes(bytes: number): void }
    protected readonly _decoders: Record<number, object>
    protected _framebufferUpdate(): boolean
    protected _sendEncodings(): void
    protected _updateScale(): void
    protected _requestRemoteResize(): void
    protected _screenSize(): { w: number; h: number }
    protected _handleServerCutText(): boolean
  }
}
