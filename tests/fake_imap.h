/*
 * fake_imap.h - an IMAP server that does what no honest one would.
 *
 * It runs in a thread of the test, on a port of 127.0.0.1 without TLS, and takes
 * one connection after the other.  What it does with each is a function of the
 * test, made of the steps below; when that returns, the connection is closed.
 */
#ifndef TLSRPTOP_TESTS_FAKE_IMAP_H
#define TLSRPTOP_TESTS_FAKE_IMAP_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

enum { FAKE_LINE = 8192, FAKE_TRANSCRIPT = 64 * 1024 };

struct fake_imap {
    unsigned port;
    unsigned connections;             /* taken so far, this one included */
    char tag[32];                     /* of the last command */
    char line[FAKE_LINE];             /* the last line of the client */
    char transcript[FAKE_TRANSCRIPT]; /* all of them; read it after fake_stop() */
    size_t transcript_length;
    int listener;
    int connection; /* -1: none */
    bool gone;      /* the client */
    pthread_t thread;
    void (*play)(struct fake_imap *fake);
};

void fake_start(struct fake_imap *fake, void (*play)(struct fake_imap *fake));
void fake_stop(struct fake_imap *fake);

/* Sends text; "%T" cannot be used: the tag is an argument like any other. */
void fake_say(struct fake_imap *fake, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void fake_send(struct fake_imap *fake, const char *bytes, size_t size);

/* Reads the next line, and its tag.  false when the client has gone, or the line
 * does not hold WANTED. */
bool fake_read(struct fake_imap *fake, const char *wanted);

/* Reads a line that holds WANTED, and answers "TAG OK". */
bool fake_accept(struct fake_imap *fake, const char *wanted);

/* Greets, and lets log in by PLAIN; CAPABILITIES ("MOVE IDLE") are told. */
bool fake_log_in(struct fake_imap *fake, const char *capabilities);

/* Opens the mailbox with MESSAGES in it, whose UIDs are 1 and up. */
bool fake_select(struct fake_imap *fake, unsigned messages);

/* Answers one question for UIDs by telling all of them. */
bool fake_list(struct fake_imap *fake, unsigned messages);

/* Waits until the client has gone. */
void fake_wait(struct fake_imap *fake);

#endif
