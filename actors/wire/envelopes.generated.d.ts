import * as $protobuf from "protobufjs/minimal.js";
interface Long { readonly low: number; readonly high: number; readonly unsigned: boolean; }

/**
 * Properties of a Frame.
 * @deprecated Use Frame.$Properties instead.
 */
export interface IFrame extends Frame.$Properties {
}

/** Represents a Frame. */
export class Frame {

    /**
     * Constructs a new Frame.
     * @param [properties] Properties to set
     */
    constructor(properties?: Frame.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** Frame hello. */
    hello?: (Hello.$Properties|null);

    /** Frame requests. */
    requests: Request.$Properties[];

    /** Frame notices. */
    notices: Notice.$Properties[];

    /** Frame facts. */
    facts: Fact.$Properties[];

    /** Frame replies. */
    replies: Reply.$Properties[];

    /** Frame refused. */
    refused: Refused.$Properties[];

    /** Frame receipts. */
    receipts: Receipt.$Properties[];

    /**
     * Encodes the specified Frame message. Does not implicitly {@link Frame.verify|verify} messages.
     * @param message Frame message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: Frame.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a Frame message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {Frame & Frame.$Shape} Frame
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): Frame & Frame.$Shape;
}

export namespace Frame {

    /** Properties of a Frame. */
    interface $Properties {

        /** Frame hello */
        hello?: (Hello.$Properties|null);

        /** Frame requests */
        requests?: (Request.$Properties[]|null);

        /** Frame notices */
        notices?: (Notice.$Properties[]|null);

        /** Frame facts */
        facts?: (Fact.$Properties[]|null);

        /** Frame replies */
        replies?: (Reply.$Properties[]|null);

        /** Frame refused */
        refused?: (Refused.$Properties[]|null);

        /** Frame receipts */
        receipts?: (Receipt.$Properties[]|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a Frame. */
    type $Shape = Frame.$Properties;
}

/**
 * Properties of a Hello.
 * @deprecated Use Hello.$Properties instead.
 */
export interface IHello extends Hello.$Properties {
}

/** Represents a Hello. */
export class Hello {

    /**
     * Constructs a new Hello.
     * @param [properties] Properties to set
     */
    constructor(properties?: Hello.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** Hello major. */
    major: number;

    /** Hello minor. */
    minor: number;

    /** Hello node. */
    node: string;

    /** Hello process. */
    process: string;

    /**
     * Encodes the specified Hello message. Does not implicitly {@link Hello.verify|verify} messages.
     * @param message Hello message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: Hello.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a Hello message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {Hello & Hello.$Shape} Hello
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): Hello & Hello.$Shape;
}

export namespace Hello {

    /** Properties of a Hello. */
    interface $Properties {

        /** Hello major */
        major?: (number|null);

        /** Hello minor */
        minor?: (number|null);

        /** Hello node */
        node?: (string|null);

        /** Hello process */
        process?: (string|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a Hello. */
    type $Shape = Hello.$Properties;
}

/** RequestKind enum. */
export enum RequestKind {

    /** REQUEST_KIND_UNSPECIFIED value */
    REQUEST_KIND_UNSPECIFIED = 0,

    /** CREATE_PAYMENT value */
    CREATE_PAYMENT = 1,

    /** GET_PAYMENT value */
    GET_PAYMENT = 2,

    /** CAPTURE value */
    CAPTURE = 3,

    /** CANCEL value */
    CANCEL = 4,

    /** REFUND value */
    REFUND = 5,

    /** READ value */
    READ = 6,

    /** COUNT value */
    COUNT = 7,

    /** CREATE_ENDPOINT value */
    CREATE_ENDPOINT = 8,

    /** ROTATE_ENDPOINT_SECRET value */
    ROTATE_ENDPOINT_SECRET = 9,

    /** RESEND_EVENT value */
    RESEND_EVENT = 10,

    /** DELETE_ENDPOINT value */
    DELETE_ENDPOINT = 11
}

/**
 * Properties of a Request.
 * @deprecated Use Request.$Properties instead.
 */
export interface IRequest extends Request.$Properties {
}

/** Represents a Request. */
export class Request {

    /**
     * Constructs a new Request.
     * @param [properties] Properties to set
     */
    constructor(properties?: Request.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** Request ticket. */
    ticket: number;

    /** Request shard. */
    shard: number;

    /** Request generation. */
    generation: (number|Long);

    /** Request kind. */
    kind: RequestKind;

    /** Request requestId. */
    requestId: string;

    /** Request merchantId. */
    merchantId: string;

    /** Request receivedAgeMs. */
    receivedAgeMs: number;

    /** Request handedOverAgeMs. */
    handedOverAgeMs: number;

    /** Request idempotencyKey. */
    idempotencyKey: string;

    /** Request body. */
    body: Uint8Array;

    /** Request subjectId. */
    subjectId: string;

    /** Request query. */
    query?: (Query.$Properties|null);

    /** Request hops. */
    hops: number;

    /** Request leftMs. */
    leftMs: number;

    /** Request rate. */
    rate?: (RateState.$Properties|null);

    /**
     * Encodes the specified Request message. Does not implicitly {@link Request.verify|verify} messages.
     * @param message Request message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: Request.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a Request message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {Request & Request.$Shape} Request
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): Request & Request.$Shape;
}

export namespace Request {

    /** Properties of a Request. */
    interface $Properties {

        /** Request ticket */
        ticket?: (number|null);

        /** Request shard */
        shard?: (number|null);

        /** Request generation */
        generation?: (number|Long|null);

        /** Request kind */
        kind?: (RequestKind|null);

        /** Request requestId */
        requestId?: (string|null);

        /** Request merchantId */
        merchantId?: (string|null);

        /** Request receivedAgeMs */
        receivedAgeMs?: (number|null);

        /** Request handedOverAgeMs */
        handedOverAgeMs?: (number|null);

        /** Request idempotencyKey */
        idempotencyKey?: (string|null);

        /** Request body */
        body?: (Uint8Array|null);

        /** Request subjectId */
        subjectId?: (string|null);

        /** Request query */
        query?: (Query.$Properties|null);

        /** Request hops */
        hops?: (number|null);

        /** Request leftMs */
        leftMs?: (number|null);

        /** Request rate */
        rate?: (RateState.$Properties|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a Request. */
    type $Shape = Request.$Properties;
}

/**
 * Properties of a RateState.
 * @deprecated Use RateState.$Properties instead.
 */
export interface IRateState extends RateState.$Properties {
}

/** Represents a RateState. */
export class RateState {

    /**
     * Constructs a new RateState.
     * @param [properties] Properties to set
     */
    constructor(properties?: RateState.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** RateState limit. */
    limit: number;

    /** RateState remaining. */
    remaining: number;

    /** RateState resetMs. */
    resetMs: number;

    /**
     * Encodes the specified RateState message. Does not implicitly {@link RateState.verify|verify} messages.
     * @param message RateState message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: RateState.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a RateState message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {RateState & RateState.$Shape} RateState
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): RateState & RateState.$Shape;
}

export namespace RateState {

    /** Properties of a RateState. */
    interface $Properties {

        /** RateState limit */
        limit?: (number|null);

        /** RateState remaining */
        remaining?: (number|null);

        /** RateState resetMs */
        resetMs?: (number|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a RateState. */
    type $Shape = RateState.$Properties;
}

/**
 * Properties of a Query.
 * @deprecated Use Query.$Properties instead.
 */
export interface IQuery extends Query.$Properties {
}

/** Represents a Query. */
export class Query {

    /**
     * Constructs a new Query.
     * @param [properties] Properties to set
     */
    constructor(properties?: Query.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** Query name. */
    name: string;

    /** Query subject. */
    subject: string;

    /** Query filter. */
    filter?: (PaymentsFilter.$Properties|null);

    /** Query limit. */
    limit: number;

    /** Query after. */
    after?: (Cursor.$Properties|null);

    /**
     * Encodes the specified Query message. Does not implicitly {@link Query.verify|verify} messages.
     * @param message Query message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: Query.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a Query message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {Query & Query.$Shape} Query
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): Query & Query.$Shape;
}

export namespace Query {

    /** Properties of a Query. */
    interface $Properties {

        /** Query name */
        name?: (string|null);

        /** Query subject */
        subject?: (string|null);

        /** Query filter */
        filter?: (PaymentsFilter.$Properties|null);

        /** Query limit */
        limit?: (number|null);

        /** Query after */
        after?: (Cursor.$Properties|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a Query. */
    type $Shape = Query.$Properties;
}

/**
 * Properties of a PaymentsFilter.
 * @deprecated Use PaymentsFilter.$Properties instead.
 */
export interface IPaymentsFilter extends PaymentsFilter.$Properties {
}

/** Represents a PaymentsFilter. */
export class PaymentsFilter {

    /**
     * Constructs a new PaymentsFilter.
     * @param [properties] Properties to set
     */
    constructor(properties?: PaymentsFilter.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** PaymentsFilter status. */
    status?: (string|null);

    /** PaymentsFilter createdFromMs. */
    createdFromMs?: (number|null);

    /** PaymentsFilter createdBeforeMs. */
    createdBeforeMs?: (number|null);

    /** PaymentsFilter merchantReference. */
    merchantReference?: (string|null);

    /**
     * Encodes the specified PaymentsFilter message. Does not implicitly {@link PaymentsFilter.verify|verify} messages.
     * @param message PaymentsFilter message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: PaymentsFilter.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a PaymentsFilter message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {PaymentsFilter & PaymentsFilter.$Shape} PaymentsFilter
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): PaymentsFilter & PaymentsFilter.$Shape;
}

export namespace PaymentsFilter {

    /** Properties of a PaymentsFilter. */
    interface $Properties {

        /** PaymentsFilter status */
        status?: (string|null);

        /** PaymentsFilter createdFromMs */
        createdFromMs?: (number|null);

        /** PaymentsFilter createdBeforeMs */
        createdBeforeMs?: (number|null);

        /** PaymentsFilter merchantReference */
        merchantReference?: (string|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a PaymentsFilter. */
    type $Shape = PaymentsFilter.$Properties;
}

/**
 * Properties of a Cursor.
 * @deprecated Use Cursor.$Properties instead.
 */
export interface ICursor extends Cursor.$Properties {
}

/** Represents a Cursor. */
export class Cursor {

    /**
     * Constructs a new Cursor.
     * @param [properties] Properties to set
     */
    constructor(properties?: Cursor.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** Cursor id. */
    id: string;

    /** Cursor seq. */
    seq: (number|Long);

    /** Cursor atMs. */
    atMs: number;

    /**
     * Encodes the specified Cursor message. Does not implicitly {@link Cursor.verify|verify} messages.
     * @param message Cursor message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: Cursor.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a Cursor message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {Cursor & Cursor.$Shape} Cursor
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): Cursor & Cursor.$Shape;
}

export namespace Cursor {

    /** Properties of a Cursor. */
    interface $Properties {

        /** Cursor id */
        id?: (string|null);

        /** Cursor seq */
        seq?: (number|Long|null);

        /** Cursor atMs */
        atMs?: (number|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a Cursor. */
    type $Shape = Cursor.$Properties;
}

/**
 * Properties of a Reply.
 * @deprecated Use Reply.$Properties instead.
 */
export interface IReply extends Reply.$Properties {
}

/** Represents a Reply. */
export class Reply {

    /**
     * Constructs a new Reply.
     * @param [properties] Properties to set
     */
    constructor(properties?: Reply.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** Reply ticket. */
    ticket: number;

    /** Reply status. */
    status: number;

    /** Reply body. */
    body: Uint8Array;

    /** Reply problem. */
    problem: boolean;

    /** Reply code. */
    code?: (string|null);

    /** Reply replayed. */
    replayed: boolean;

    /** Reply retryAfterS. */
    retryAfterS?: (number|null);

    /** Reply location. */
    location?: (string|null);

    /** Reply gatewayMs. */
    gatewayMs?: (number|null);

    /** Reply final. */
    final: boolean;

    /** Reply rate. */
    rate?: (RateState.$Properties|null);

    /**
     * Encodes the specified Reply message. Does not implicitly {@link Reply.verify|verify} messages.
     * @param message Reply message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: Reply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a Reply message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {Reply & Reply.$Shape} Reply
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): Reply & Reply.$Shape;
}

export namespace Reply {

    /** Properties of a Reply. */
    interface $Properties {

        /** Reply ticket */
        ticket?: (number|null);

        /** Reply status */
        status?: (number|null);

        /** Reply body */
        body?: (Uint8Array|null);

        /** Reply problem */
        problem?: (boolean|null);

        /** Reply code */
        code?: (string|null);

        /** Reply replayed */
        replayed?: (boolean|null);

        /** Reply retryAfterS */
        retryAfterS?: (number|null);

        /** Reply location */
        location?: (string|null);

        /** Reply gatewayMs */
        gatewayMs?: (number|null);

        /** Reply final */
        final?: (boolean|null);

        /** Reply rate */
        rate?: (RateState.$Properties|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a Reply. */
    type $Shape = Reply.$Properties;
}

/** RefusedReason enum. */
export enum RefusedReason {

    /** REFUSED_REASON_UNSPECIFIED value */
    REFUSED_REASON_UNSPECIFIED = 0,

    /** NOT_OWNER value */
    NOT_OWNER = 1,

    /** MOVING value */
    MOVING = 2,

    /** FULL value */
    FULL = 3,

    /** UNSUPPORTED value */
    UNSUPPORTED = 4
}

/**
 * Properties of a Refused.
 * @deprecated Use Refused.$Properties instead.
 */
export interface IRefused extends Refused.$Properties {
}

/** Represents a Refused. */
export class Refused {

    /**
     * Constructs a new Refused.
     * @param [properties] Properties to set
     */
    constructor(properties?: Refused.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** Refused ticket. */
    ticket: number;

    /** Refused reason. */
    reason: RefusedReason;

    /** Refused generation. */
    generation: (number|Long);

    /**
     * Encodes the specified Refused message. Does not implicitly {@link Refused.verify|verify} messages.
     * @param message Refused message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: Refused.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a Refused message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {Refused & Refused.$Shape} Refused
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): Refused & Refused.$Shape;
}

export namespace Refused {

    /** Properties of a Refused. */
    interface $Properties {

        /** Refused ticket */
        ticket?: (number|null);

        /** Refused reason */
        reason?: (RefusedReason|null);

        /** Refused generation */
        generation?: (number|Long|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a Refused. */
    type $Shape = Refused.$Properties;
}

/**
 * Properties of a Notice.
 * @deprecated Use Notice.$Properties instead.
 */
export interface INotice extends Notice.$Properties {
}

/** Represents a Notice. */
export class Notice {

    /**
     * Constructs a new Notice.
     * @param [properties] Properties to set
     */
    constructor(properties?: Notice.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** Notice ticket. */
    ticket: number;

    /** Notice shard. */
    shard: number;

    /** Notice generation. */
    generation: (number|Long);

    /** Notice slot. */
    slot: number;

    /** Notice spool. */
    spool: boolean;

    /** Notice gateway. */
    gateway: string;

    /** Notice account. */
    account: string;

    /** Notice dedupeKey. */
    dedupeKey: string;

    /** Notice bodyHash. */
    bodyHash: string;

    /** Notice type. */
    type: string;

    /** Notice operationId. */
    operationId?: (string|null);

    /** Notice paymentId. */
    paymentId?: (string|null);

    /** Notice paymentReference. */
    paymentReference?: (string|null);

    /** Notice reference. */
    reference?: (string|null);

    /** Notice amount. */
    amount?: (string|null);

    /** Notice currency. */
    currency?: (string|null);

    /** Notice claim. */
    claim?: (Claim.$Properties|null);

    /**
     * Encodes the specified Notice message. Does not implicitly {@link Notice.verify|verify} messages.
     * @param message Notice message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: Notice.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a Notice message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {Notice & Notice.$Shape} Notice
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): Notice & Notice.$Shape;
}

export namespace Notice {

    /** Properties of a Notice. */
    interface $Properties {

        /** Notice ticket */
        ticket?: (number|null);

        /** Notice shard */
        shard?: (number|null);

        /** Notice generation */
        generation?: (number|Long|null);

        /** Notice slot */
        slot?: (number|null);

        /** Notice spool */
        spool?: (boolean|null);

        /** Notice gateway */
        gateway?: (string|null);

        /** Notice account */
        account?: (string|null);

        /** Notice dedupeKey */
        dedupeKey?: (string|null);

        /** Notice bodyHash */
        bodyHash?: (string|null);

        /** Notice type */
        type?: (string|null);

        /** Notice operationId */
        operationId?: (string|null);

        /** Notice paymentId */
        paymentId?: (string|null);

        /** Notice paymentReference */
        paymentReference?: (string|null);

        /** Notice reference */
        reference?: (string|null);

        /** Notice amount */
        amount?: (string|null);

        /** Notice currency */
        currency?: (string|null);

        /** Notice claim */
        claim?: (Claim.$Properties|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a Notice. */
    type $Shape = Notice.$Properties;
}

/**
 * Properties of a Claim.
 * @deprecated Use Claim.$Properties instead.
 */
export interface IClaim extends Claim.$Properties {
}

/** Represents a Claim. */
export class Claim {

    /**
     * Constructs a new Claim.
     * @param [properties] Properties to set
     */
    constructor(properties?: Claim.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** Claim kind. */
    kind: string;

    /** Claim failure. */
    failure?: (Failure.$Properties|null);

    /** Claim reference. */
    reference?: (string|null);

    /** Claim state. */
    state?: (string|null);

    /** Claim funds. */
    funds?: (string|null);

    /** Claim why. */
    why?: (string|null);

    /**
     * Encodes the specified Claim message. Does not implicitly {@link Claim.verify|verify} messages.
     * @param message Claim message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: Claim.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a Claim message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {Claim & Claim.$Shape} Claim
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): Claim & Claim.$Shape;
}

export namespace Claim {

    /** Properties of a Claim. */
    interface $Properties {

        /** Claim kind */
        kind?: (string|null);

        /** Claim failure */
        failure?: (Failure.$Properties|null);

        /** Claim reference */
        reference?: (string|null);

        /** Claim state */
        state?: (string|null);

        /** Claim funds */
        funds?: (string|null);

        /** Claim why */
        why?: (string|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a Claim. */
    type $Shape = Claim.$Properties;
}

/**
 * Properties of a Failure.
 * @deprecated Use Failure.$Properties instead.
 */
export interface IFailure extends Failure.$Properties {
}

/** Represents a Failure. */
export class Failure {

    /**
     * Constructs a new Failure.
     * @param [properties] Properties to set
     */
    constructor(properties?: Failure.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** Failure code. */
    code: string;

    /** Failure retryable. */
    retryable: boolean;

    /** Failure customerAction. */
    customerAction?: (string|null);

    /** Failure gatewayCode. */
    gatewayCode?: (string|null);

    /**
     * Encodes the specified Failure message. Does not implicitly {@link Failure.verify|verify} messages.
     * @param message Failure message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: Failure.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a Failure message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {Failure & Failure.$Shape} Failure
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): Failure & Failure.$Shape;
}

export namespace Failure {

    /** Properties of a Failure. */
    interface $Properties {

        /** Failure code */
        code?: (string|null);

        /** Failure retryable */
        retryable?: (boolean|null);

        /** Failure customerAction */
        customerAction?: (string|null);

        /** Failure gatewayCode */
        gatewayCode?: (string|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a Failure. */
    type $Shape = Failure.$Properties;
}

/**
 * Properties of a Receipt.
 * @deprecated Use Receipt.$Properties instead.
 */
export interface IReceipt extends Receipt.$Properties {
}

/** Represents a Receipt. */
export class Receipt {

    /**
     * Constructs a new Receipt.
     * @param [properties] Properties to set
     */
    constructor(properties?: Receipt.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** Receipt ticket. */
    ticket: number;

    /** Receipt taken. */
    taken: boolean;

    /**
     * Encodes the specified Receipt message. Does not implicitly {@link Receipt.verify|verify} messages.
     * @param message Receipt message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: Receipt.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a Receipt message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {Receipt & Receipt.$Shape} Receipt
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): Receipt & Receipt.$Shape;
}

export namespace Receipt {

    /** Properties of a Receipt. */
    interface $Properties {

        /** Receipt ticket */
        ticket?: (number|null);

        /** Receipt taken */
        taken?: (boolean|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a Receipt. */
    type $Shape = Receipt.$Properties;
}

/**
 * Properties of a Fact.
 * @deprecated Use Fact.$Properties instead.
 */
export interface IFact extends Fact.$Properties {
}

/** Represents a Fact. */
export class Fact {

    /**
     * Constructs a new Fact.
     * @param [properties] Properties to set
     */
    constructor(properties?: Fact.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** Fact shard. */
    shard: number;

    /** Fact generation. */
    generation: (number|Long);

    /** Fact operationId. */
    operationId: string;

    /** Fact paymentId. */
    paymentId: string;

    /** Fact try. */
    try: number;

    /** Fact action. */
    action: string;

    /** Fact tookMs. */
    tookMs: number;

    /** Fact observation. */
    observation?: (Observation.$Properties|null);

    /**
     * Encodes the specified Fact message. Does not implicitly {@link Fact.verify|verify} messages.
     * @param message Fact message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: Fact.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes a Fact message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {Fact & Fact.$Shape} Fact
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): Fact & Fact.$Shape;
}

export namespace Fact {

    /** Properties of a Fact. */
    interface $Properties {

        /** Fact shard */
        shard?: (number|null);

        /** Fact generation */
        generation?: (number|Long|null);

        /** Fact operationId */
        operationId?: (string|null);

        /** Fact paymentId */
        paymentId?: (string|null);

        /** Fact try */
        "try"?: (number|null);

        /** Fact action */
        action?: (string|null);

        /** Fact tookMs */
        tookMs?: (number|null);

        /** Fact observation */
        observation?: (Observation.$Properties|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of a Fact. */
    type $Shape = Fact.$Properties;
}

/**
 * Properties of an Observation.
 * @deprecated Use Observation.$Properties instead.
 */
export interface IObservation extends Observation.$Properties {
}

/** Represents an Observation. */
export class Observation {

    /**
     * Constructs a new Observation.
     * @param [properties] Properties to set
     */
    constructor(properties?: Observation.$Properties);

    /** Unknown fields preserved while decoding when enabled */
    $unknowns?: Uint8Array[];

    /** Observation kind. */
    kind: string;

    /** Observation reference. */
    reference?: (string|null);

    /** Observation failure. */
    failure?: (Failure.$Properties|null);

    /** Observation words. */
    words?: (string|null);

    /** Observation operationId. */
    operationId?: (string|null);

    /** Observation paymentId. */
    paymentId?: (string|null);

    /** Observation retryAfterMs. */
    retryAfterMs?: (number|null);

    /**
     * Encodes the specified Observation message. Does not implicitly {@link Observation.verify|verify} messages.
     * @param message Observation message or plain object to encode
     * @param [writer] Writer to encode to
     * @returns Writer
     */
    static encode(message: Observation.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

    /**
     * Decodes an Observation message from the specified reader or buffer.
     * @param reader Reader or buffer to decode from
     * @param [length] Message length if known beforehand
     * @returns {Observation & Observation.$Shape} Observation
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): Observation & Observation.$Shape;
}

export namespace Observation {

    /** Properties of an Observation. */
    interface $Properties {

        /** Observation kind */
        kind?: (string|null);

        /** Observation reference */
        reference?: (string|null);

        /** Observation failure */
        failure?: (Failure.$Properties|null);

        /** Observation words */
        words?: (string|null);

        /** Observation operationId */
        operationId?: (string|null);

        /** Observation paymentId */
        paymentId?: (string|null);

        /** Observation retryAfterMs */
        retryAfterMs?: (number|null);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];
    }

    /** Shape of an Observation. */
    type $Shape = Observation.$Properties;
}
