"""fl-secagg/1 written anew from docs/secagg.md: computes every message of the golden sessions beside it
from their secrets, and compares. Needs the package `cryptography`. Run: python3 reference.py"""

import hashlib, hmac, json, pathlib, struct
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

P, raw = b"fl-secagg/1/", bytes.fromhex
u32, u64 = lambda n: struct.pack("<I", n), lambda n: struct.pack("<Q", n)
sha = lambda *parts: hashlib.sha256(b"".join(parts)).digest()
ids = lambda nodes: u32(len(nodes)) + b"".join(map(u32, nodes))


def mul(a, b):
    r = 0
    while b:
        r, a, b = r ^ (a if b & 1 else 0), (a << 1) ^ (0x11B if a & 0x80 else 0), b >> 1
    return r


def share(secret, coefficients, x):
    out = bytes(32)
    for c in reversed([secret, *coefficients]):
        out = bytes(mul(o, x) ^ d for o, d in zip(out, c))
    return out


def kdf(sid, ikm, label, *nodes):
    prk = hmac.digest(sid, ikm, "sha256")
    return hmac.digest(prk, P + label + b"".join(map(u32, nodes)) + b"\x01", "sha256")


def stream(suite, key, n):
    if suite == 1:
        return Cipher(algorithms.ChaCha20(key, bytes(16)), None).encryptor().update(bytes(n))
    blocks = b"".join(u64(i) + bytes(8) for i in range(-(-n // 16)))
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(blocks)[:n]


def circle(sid, openings):
    seed = sha(P + b"graph", sid, u32(len(openings)), *(u32(n) + o for n, o in openings))
    key, at, seats = stream(1, seed, 1 << 16), 0, [n for n, _ in openings]
    for last in range(len(seats) - 1, 0, -1):
        while True:
            number, at = struct.unpack_from("<Q", key, at)[0], at + 8
            if number < 2**64 - 1 - (2**64 - 1) % (last + 1):
                break
        seats[last], seats[number % (last + 1)] = seats[number % (last + 1)], seats[last]
    return seats


def check(golden):
    s, cohort, bits = golden["session"], golden["session"]["cohort"], golden["session"]["word_bits"]
    node = {n["id"]: n for n in golden["nodes"]}
    sec = lambda v, k: raw(node[v][k])
    sign = {v: Ed25519PrivateKey.from_private_bytes(sec(v, "identity_seed")).sign for v in cohort}
    public = lambda v, k: X25519PrivateKey.from_private_bytes(sec(v, k)).public_key().public_bytes_raw()
    agree = lambda u, v, k: X25519PrivateKey.from_private_bytes(sec(u, k)).exchange(
        X25519PublicKey.from_public_bytes(public(v, k)))
    same = lambda got, hexed: golden["_count"].append(1) if got.hex() == hexed else exit(f"differs: {hexed}")

    identity = lambda v: Ed25519PrivateKey.from_private_bytes(sec(v, "identity_seed")).public_key().public_bytes_raw()
    text = lambda t: u64(len(t.encode())) + t.encode()
    roster = sha(P + b"roster", text(s["federation"]), u32(s["epoch"]), u32(len(cohort)),
                 *(u32(v) + identity(v) + bytes(32) for v in cohort))
    same(roster, s["roster"])
    model = sha(P + b"model", u64(len(s["model_numbers"])), *(struct.pack("<f", x) for x in s["model_numbers"]))
    params = sha(P + b"params", bytes([s["suite"], s["word_bits"], s["weighting"], 0]), u32(s["fraction_bits"]),
                 struct.pack("<f", s["range"]), u64(s["most_weight"]), u64(s["length"]), u32(s["neighbours"]),
                 u32(s["threshold"]), u32(s["quorum"]), u32(s["min_survivors"]))
    sid = sha(P + b"session", text(s["federation"]), text(s["job"]), u64(s["round"]), u32(s["attempt"]),
              model, raw(s["task"]), params, roster, ids(cohort))
    same(sid, s["sid"])
    said = lambda label, v, *parts: P + label + sid + u32(v) + b"".join(parts)

    for o in golden["offers"]:
        v = o["node"]
        draw = sha(said(b"draw", v, sec(v, "draw"))) if s["drawn"] else bytes(32)
        same(public(v, "channel") + public(v, "mask") + draw, o["channel"] + o["mask"] + o["draw"])
        parts = public(v, "channel"), public(v, "mask"), draw if s["drawn"] else b""
        same(sign[v](said(b"keys", v, *parts)), o["signature"])
    if s["drawn"]:
        seats = circle(sid, [(v, sec(v, "draw")) for v in cohort])
        near = range(-(s["neighbours"] // 2), s["neighbours"] // 2 + 1)
        holders = {v: sorted(seats[(seats.index(v) + d) % len(seats)] for d in near) for v in cohort}
    else:
        holders = {v: cohort for v in cohort}

    def dealt(v, holder):
        x = holders[v].index(holder) + 1
        pair = [share(sec(v, a), map(raw, node[v][b]), x)
                for a, b in (("mask", "mask_coefficients"), ("self_seed", "seed_coefficients"))]
        return x, pair, [sha(said(b"share", v, bytes([kind, x]), p)) for kind, p in zip((1, 2), pair)]

    both = lambda c: c["mask_key"] + c["self_seed"]
    for o in golden["shares"]:
        v, body = o["node"], b""
        same(sha(said(b"self-seed", v, sec(v, "self_seed"))), o["self_seed"])
        same(b"".join(dealt(v, v)[2]), both(o["own"]))
        for e in o["envelopes"]:
            w = e["node"]
            x, (a, b), commitments = dealt(v, w)
            key = kdf(sid, agree(v, w, "channel"), b"share-aead", min(v, w), max(v, w))
            sealed = ChaCha20Poly1305(key).encrypt(u32(v) + u32(w) + bytes(4), bytes([x]) + a + bytes([x]) + b,
                                                   sid + u32(v) + u32(w))
            same(sealed + b"".join(commitments), e["sealed"] + both(e["commitments"]))
            body += u32(w) + sealed + b"".join(commitments)
        head = raw(o["self_seed"] + both(o["own"])) + u32(len(o["envelopes"]))
        same(sign[v](said(b"shares", v, head + body)), o["signature"])

    sharers, survivors = [o["node"] for o in golden["shares"]], golden["survivors"]
    u2, u3 = sha(P + b"sharers", sid, ids(sharers)), sha(P + b"survivors", sid, ids(survivors))
    total = [0] * (s["length"] + 2)
    for o in golden["uploads"]:
        v, n = o["node"], node[o["node"]]
        plain = [int(w, 16) for w in n["words"]] + [n["weight"], n["weight"] * round(n["loss"] * 2 ** s["fraction_bits"])]
        total = [(a + b) % 2**bits for a, b in zip(total, plain)]
        masks = [(1, kdf(sid, sec(v, "self_seed"), b"self-mask", v))]
        masks += [(1 if w < v else -1, kdf(sid, agree(v, w, "mask"), b"pair-mask", min(v, w), max(v, w)))
                  for w in holders[v] if w != v and w in sharers]
        for sgn, key in masks:
            mask = struct.unpack(f"<{len(plain)}{'IQ'[bits // 64]}", stream(s["suite"], key, bits // 8 * len(plain)))
            plain = [(a + sgn * m) % 2**bits for a, m in zip(plain, mask)]
        same(b"".join(w.to_bytes(bits // 8) for w in plain), "".join(o["words"]))
        digest = sha(said(b"words", v, u64(len(plain)), *(w.to_bytes(bits // 8, "little") for w in plain)))
        same(digest + u2, o["digest"] + o["sharers"])
        same(sign[v](said(b"masked", v, digest, u2)), o["signature"])
    for o in golden["consents"]:
        same(sign[o["node"]](said(b"consent", o["node"], u2, u3)), o["signature"])
    for o in golden["revelations"]:
        due = [v for v in sharers if o["node"] in holders[v]]
        if due != [r["of"] for r in o["shares"]]:
            exit("differs: whose shares are revealed")
        for r in o["shares"]:
            kind = 1 if r["of"] in survivors else 0
            same(dealt(r["of"], o["node"])[1][kind], r["share"] if r["kind"] == ("mask_key", "self_seed")[kind] else "")
    signed = ((w ^ 1 << bits - 1) - (1 << bits - 1) for w in total[:-2])
    same(b"".join((w % 2**64).to_bytes(8) for w in signed), "".join(golden["sum"]["words"]))
    if total[-2] != golden["sum"]["weight"]:
        exit("differs: weight")

    # What the first node is shown and refuses differs from what it was shown above.
    shown = {"keys": golden["offers"], "letter": golden["letters"][0]["letter"],
             "survivors": survivors, "consents": golden["consents"]}
    for bad in golden.get("refused", []):
        if bad["message"] == shown[bad["step"]]:
            exit(f"differs in nothing: {bad['name']}")


for path in sorted(pathlib.Path(__file__).parent.glob("*-*.json")):
    golden = json.loads(path.read_text()) | {"_count": []}
    check(golden)
    print(f"{path.name}: {len(golden['_count'])} byte strings agree, {len(golden.get('refused', []))} refusals")
