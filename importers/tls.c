#include "tls.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>

enum {
    RECEIVE = 64 * 1024,
    CHAIN_MAX = 16,  /* certificates that are looked at to say what is wrong */
    NAMES_SHOWN = 3, /* of those a certificate is for */
    NAME = 256,
};

struct tls {
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
    int fd;
    size_t begin, end;
    char received[RECEIVE]; /* GnuTLS would read each record by two calls */
};

/* The certificates a server has shown, its own first. */
struct chain {
    gnutls_x509_crt_t certificates[CHAIN_MAX];
    unsigned count;
};

/* What is wrong, one reason behind the other. */
struct reasons {
    char *text; /* of TLS_ERROR bytes */
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void add(struct reasons *reasons, const char *format,
                                                      ...)
{
    size_t room = TLS_ERROR - reasons->length;
    va_list args;
    va_start(args, format);
    int length = vsnprintf(reasons->text + reasons->length, room, format, args);
    va_end(args);
    if (length > 0)
        reasons->length += (size_t)length < room ? (size_t)length : room - 1;
}

static void begin_reason(struct reasons *reasons)
{
    add(reasons, reasons->length == 0 ? "the certificate " : "; it ");
}

/* --- the chain --- */

static void open_chain(struct chain *chain, gnutls_session_t session)
{
    unsigned count = 0;
    const gnutls_datum_t *peers = gnutls_certificate_get_peers(session, &count);
    chain->count = 0;
    for (unsigned i = 0; peers != NULL && i < count && i < CHAIN_MAX; i++) {
        gnutls_x509_crt_t *certificate = &chain->certificates[chain->count];
        if (gnutls_x509_crt_init(certificate) != 0)
            return;
        if (gnutls_x509_crt_import(*certificate, &peers[i], GNUTLS_X509_FMT_DER) == 0)
            chain->count++;
        else
            gnutls_x509_crt_deinit(*certificate);
    }
}

static void close_chain(struct chain *chain)
{
    for (unsigned i = 0; i < chain->count; i++)
        gnutls_x509_crt_deinit(chain->certificates[i]);
}

/* --- what is wrong with it --- */

/* The names that CERTIFICATE is for: "a.example, b.example and 2 others". */
static void add_names(struct reasons *reasons, gnutls_x509_crt_t certificate)
{
    unsigned names = 0;
    for (unsigned i = 0;; i++) {
        char name[NAME];
        size_t size = sizeof name - 1;
        int type = gnutls_x509_crt_get_subject_alt_name(certificate, i, name, &size, NULL);
        if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            break;
        if (type != GNUTLS_SAN_DNSNAME)
            continue;
        name[size] = '\0';
        if (names++ < NAMES_SHOWN)
            add(reasons, "%s%s", names > 1 ? ", " : "", name);
    }
    if (names > NAMES_SHOWN)
        add(reasons, " and %u others", names - NAMES_SHOWN);
    if (names > 0)
        return;
    char name[NAME];
    size_t size = sizeof name;
    bool common = gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0,
                                                name, &size) == 0;
    add(reasons, "%s", common ? name : "no host");
}

/* Not every certificate of the chain need be the one out of its time. */
static void add_time(struct reasons *reasons, const struct chain *chain, bool expired)
{
    time_t now = time(NULL);
    for (unsigned i = 0; i < chain->count; i++) {
        gnutls_x509_crt_t certificate = chain->certificates[i];
        time_t end = expired ? gnutls_x509_crt_get_expiration_time(certificate)
                             : gnutls_x509_crt_get_activation_time(certificate);
        struct tm day;
        char text[32] = "?";
        if ((expired ? end > now : end < now) || gmtime_r(&end, &day) == NULL)
            continue;
        strftime(text, sizeof text, "%Y-%m-%d", &day);
        begin_reason(reasons);
        add(reasons, expired ? "%sexpired on %s" : "%sis not valid before %s",
            i == 0 ? "" : "has an issuer whose certificate ", text);
        return;
    }
    begin_reason(reasons);
    add(reasons, expired ? "has expired" : "is not valid yet");
}

static void add_issuer(struct reasons *reasons, const struct chain *chain, const char *ca_file)
{
    begin_reason(reasons);
    gnutls_x509_crt_t last = chain->certificates[chain->count - 1];
    if (gnutls_x509_crt_check_issuer(last, last)) {
        add(reasons, chain->count == 1 ? "is self-signed" : "ends in one that signed itself");
    } else {
        char name[NAME] = "someone";
        size_t size = sizeof name;
        gnutls_x509_crt_get_issuer_dn(last, name, &size);
        add(reasons, "was issued by %s", name);
    }
    if (ca_file[0] != '\0')
        add(reasons, ", and %s does not vouch for it", ca_file);
    else
        add(reasons, ", and none that this system trusts vouches for it; if it is the right one, "
                     "name it with ca-file");
}

static void explain(char error[static TLS_ERROR], unsigned status, const struct chain *chain,
                    const char *host, const char *ca_file)
{
    struct reasons reasons = {.text = error};
    if (status & GNUTLS_CERT_SIGNER_NOT_FOUND)
        add_issuer(&reasons, chain, ca_file);
    if (status & GNUTLS_CERT_EXPIRED)
        add_time(&reasons, chain, true);
    if (status & GNUTLS_CERT_NOT_ACTIVATED)
        add_time(&reasons, chain, false);
    if (status & GNUTLS_CERT_UNEXPECTED_OWNER) {
        begin_reason(&reasons);
        add(&reasons, "is for ");
        add_names(&reasons, chain->certificates[0]);
        add(&reasons, ", not for %s", host);
    }
    if (status & GNUTLS_CERT_PURPOSE_MISMATCH) {
        begin_reason(&reasons);
        add(&reasons, "is not meant for TLS servers");
    }
    if (reasons.length > 0)
        return;
    gnutls_datum_t text;
    if (gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) == 0) {
        snprintf(error, TLS_ERROR, "%s", (const char *)text.data);
        gnutls_free(text.data);
    } else {
        snprintf(error, TLS_ERROR, "the certificate is not trusted");
    }
}

static int verify(struct tls *tls, const char *host, const char *ca_file,
                  char error[static TLS_ERROR])
{
    static unsigned char purpose[] = GNUTLS_KP_TLS_WWW_SERVER;
    char name[NAME];
    snprintf(name, sizeof name, "%s", host);
    gnutls_typed_vdata_st wanted[] = {
        {.type = GNUTLS_DT_DNS_HOSTNAME, .data = (unsigned char *)name},
        {.type = GNUTLS_DT_KEY_PURPOSE_OID, .data = purpose},
    };
    unsigned status = 0;
    int code = gnutls_certificate_verify_peers(tls->session, wanted, 2, &status);
    if (code == 0 && status == 0)
        return EX_OK;
    struct chain chain;
    open_chain(&chain, tls->session);
    if (code != 0 || chain.count == 0)
        snprintf(error, TLS_ERROR, "the certificate cannot be verified: %s", gnutls_strerror(code));
    else
        explain(error, status, &chain, host, ca_file);
    close_chain(&chain);
    return EX_NOPERM;
}

/* --- the handshake --- */

static int load_trust(struct tls *tls, const char *ca_file, char error[static TLS_ERROR])
{
    int count = gnutls_certificate_allocate_credentials(&tls->credentials);
    if (count == 0 && ca_file[0] != '\0') {
        count =
            gnutls_certificate_set_x509_trust_file(tls->credentials, ca_file, GNUTLS_X509_FMT_PEM);
        if (count > 0)
            return EX_OK;
        snprintf(error, TLS_ERROR, "ca-file %s holds no certificate to trust: %s", ca_file,
                 count == 0 ? "there is none in it" : gnutls_strerror(count));
        return EX_CONFIG;
    }
    if (count == 0)
        count = gnutls_certificate_set_x509_system_trust(tls->credentials);
    if (count > 0)
        return EX_OK;
    snprintf(error, TLS_ERROR,
             "this system knows no issuer of certificates: install ca-certificates, or set "
             "ca-file");
    return EX_CONFIG;
}

static ssize_t pull(gnutls_transport_ptr_t context, void *bytes, size_t size)
{
    struct tls *tls = context;
    if (tls->begin == tls->end) {
        ssize_t count = recv(tls->fd, tls->received, sizeof tls->received, 0);
        if (count <= 0)
            return count;
        tls->begin = 0;
        tls->end = (size_t)count;
    }
    if (size > tls->end - tls->begin)
        size = tls->end - tls->begin;
    memcpy(bytes, tls->received + tls->begin, size);
    tls->begin += size;
    return (ssize_t)size;
}

static ssize_t push(gnutls_transport_ptr_t context, const void *bytes, size_t size)
{
    const struct tls *tls = context;
    return send(tls->fd, bytes, size, MSG_NOSIGNAL);
}

static int prepare(struct tls *tls, const char *host)
{
    static const char versions[] = "-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
    int code = gnutls_init(&tls->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
    if (code == 0)
        code = gnutls_set_default_priority_append(tls->session, versions, NULL, 0);
    if (code == 0)
        code = gnutls_credentials_set(tls->session, GNUTLS_CRD_CERTIFICATE, tls->credentials);
    if (code == 0) /* leaves addresses out by itself */
        code = gnutls_server_name_set(tls->session, GNUTLS_NAME_DNS, host, strlen(host));
    if (code != 0)
        return code;
    gnutls_transport_set_ptr(tls->session, tls);
    gnutls_transport_set_pull_function(tls->session, pull);
    gnutls_transport_set_push_function(tls->session, push);
    return 0;
}

static int shake_hands(struct tls *tls, tls_wait_fn *wait, void *context,
                       char error[static TLS_ERROR])
{
    int code;
    while ((code = gnutls_handshake(tls->session)) != 0) {
        if (code == GNUTLS_E_WARNING_ALERT_RECEIVED || code == GNUTLS_E_INTERRUPTED ||
            (code == GNUTLS_E_AGAIN && tls->begin < tls->end))
            continue;
        if (code == GNUTLS_E_AGAIN) {
            if (wait(context, gnutls_record_get_direction(tls->session) == 0 ? POLLIN : POLLOUT))
                continue;
            error[0] = '\0';
            return EX_UNAVAILABLE;
        }
        if (code == GNUTLS_E_FATAL_ALERT_RECEIVED)
            snprintf(error, TLS_ERROR, "the server refuses TLS: %s",
                     gnutls_alert_get_name(gnutls_alert_get(tls->session)));
        else
            snprintf(error, TLS_ERROR, "no TLS 1.2 or newer with it: %s", gnutls_strerror(code));
        return EX_UNAVAILABLE;
    }
    return EX_OK;
}

static void free_tls(struct tls *tls)
{
    if (tls->session != NULL)
        gnutls_deinit(tls->session);
    if (tls->credentials != NULL)
        gnutls_certificate_free_credentials(tls->credentials);
    free(tls);
}

int tls_open(struct tls **out, int fd, const char *host, const char *ca_file, tls_wait_fn *wait,
             void *context, char error[static TLS_ERROR])
{
    struct tls *tls = calloc(1, sizeof *tls);
    *out = NULL;
    snprintf(error, TLS_ERROR, "out of memory");
    if (tls == NULL)
        return EX_UNAVAILABLE;
    tls->fd = fd;
    int status = load_trust(tls, ca_file, error);
    int code = status == EX_OK ? prepare(tls, host) : 0;
    if (code != 0) {
        snprintf(error, TLS_ERROR, "TLS: %s", gnutls_strerror(code));
        status = EX_UNAVAILABLE;
    }
    if (status == EX_OK)
        status = shake_hands(tls, wait, context, error);
    if (status == EX_OK)
        status = verify(tls, host, ca_file, error);
    if (status != EX_OK) {
        free_tls(tls);
        return status;
    }
    error[0] = '\0';
    *out = tls;
    return EX_OK;
}

/* --- bytes --- */

static ssize_t as_errno(ssize_t result)
{
    if (result >= 0)
        return result;
    errno = result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED ? EAGAIN : EPROTO;
    return -1;
}

ssize_t tls_read(struct tls *tls, void *bytes, size_t size)
{
    ssize_t result = gnutls_record_recv(tls->session, bytes, size);
    /* IMAP knows by itself when an answer is complete */
    return result == GNUTLS_E_PREMATURE_TERMINATION ? 0 : as_errno(result);
}

ssize_t tls_write(struct tls *tls, const void *bytes, size_t size)
{
    return as_errno(gnutls_record_send(tls->session, bytes, size));
}

bool tls_pending(const struct tls *tls)
{
    return tls->begin < tls->end || gnutls_record_check_pending(tls->session) > 0;
}

void tls_close(struct tls *tls)
{
    if (tls == NULL)
        return;
    gnutls_bye(tls->session, GNUTLS_SHUT_WR);
    free_tls(tls);
}
