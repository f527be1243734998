/* Chains of certificates that a TLSA record vouches for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gnutls/crypto.h>

#include "../../importers/dane.h"
#include "../certificate.h"

static struct certificate *root_made, *issuer_made, *own_made, *other_made, *strange_made;
static gnutls_x509_crt_t own, issuer, root, other, stranger;

static int make_certificates(void **state)
{
    (void)state;
    root_made = certificate_issuer(NULL, "Root");
    issuer_made = certificate_issuer(root_made, "Issuer");
    own_made = certificate_new(issuer_made, "mx.example.com", CERTIFICATE_GOOD);
    other_made = certificate_new(issuer_made, "other.example.com", CERTIFICATE_EXPIRED);
    strange_made = certificate_new(NULL, "mx.example.com", CERTIFICATE_UNKNOWN);
    own = own_made->chain[0];
    issuer = own_made->chain[1];
    root = issuer_made->chain[1];
    other = other_made->chain[0];
    stranger = strange_made->chain[1];
    return 0;
}

static int free_certificates(void **state)
{
    (void)state;
    certificate_free(strange_made);
    certificate_free(other_made);
    certificate_free(own_made);
    certificate_free(issuer_made);
    certificate_free(root_made);
    return 0;
}

/* What a record "2 0 1" of VOUCHED says about the server's certificate with THREE others. */
static enum dane_result verify(gnutls_x509_crt_t vouched, const gnutls_x509_crt_t three[3])
{
    static const char *const names[] = {"mx.example.com", NULL};
    unsigned char digest[32];
    gnutls_datum_t der;
    struct chain chain = {.certificates = {own}, .count = 1};
    for (size_t i = 0; i < 3; i++)
        chain.certificates[chain.count++] = three[i];
    assert_int_equal(gnutls_x509_crt_export2(vouched, GNUTLS_X509_FMT_DER, &der), 0);
    assert_int_equal(gnutls_hash_fast(GNUTLS_DIG_SHA256, der.data, der.size, digest), 0);
    gnutls_free(der.data);
    struct tlsa record = {USAGE_DANE_TA, SELECTOR_CERTIFICATE, MATCHING_SHA256, sizeof digest,
                          digest};
    return dane_verify(&record, 1, &chain, names);
}

/* RFC 8446 section 4.4.2: it may be in any order, with others among it. */
static void a_chain_may_be_in_any_order(void **state)
{
    (void)state;
    const gnutls_x509_crt_t orders[][3] = {{issuer, root, other}, {root, issuer, other},
                                           {other, issuer, root}, {issuer, other, root},
                                           {root, other, issuer}, {other, root, issuer}};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        assert_int_equal(verify(root, orders[i]), DANE_MATCH);
        assert_int_equal(verify(issuer, orders[i]), DANE_MATCH);
    }
}

static void it_must_lead_to_the_issuer_all_the_same(void **state)
{
    (void)state;
    assert_int_equal(verify(stranger, (gnutls_x509_crt_t[]){issuer, root, stranger}), DANE_INVALID);
    assert_int_equal(verify(root, (gnutls_x509_crt_t[]){root, other, other}), DANE_INVALID);
    assert_int_equal(verify(stranger, (gnutls_x509_crt_t[]){issuer, root, other}), DANE_MISMATCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_may_be_in_any_order),
        cmocka_unit_test(it_must_lead_to_the_issuer_all_the_same),
    };
    return cmocka_run_group_tests(tests, make_certificates, free_certificates);
}
