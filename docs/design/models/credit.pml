/* Credits without a pool: V word, ask, tagged limits (messages and bytes), taken, wait bits, agent's re-check.
 * One shared access a step.  A killed process is one that takes no step any more; its member word says DEAD from then on.
 * Kill and stop are offered after each shared write.
 * Parameters: -DNS senders -DM messages each -DCAPM -DCAPB (capacity) -DBYTES (second limit word is modelled)
 *             -DBATCH (asks of two) -DNP reapers -DK kills -DF stops -DAGENT -DTRYFULL (a full answer must be true)
 *             -DNOEARLY (nothing is given back at a death; the lane is settled when it is drained).  Mutants: -DM_... */
#ifndef NS
#define NS 2
#endif
#ifndef M
#define M 1
#endif
#ifndef CAPM
#define CAPM 2
#endif
#ifndef CAPB
#define CAPB 3
#endif
#ifndef NP
#define NP 1
#endif
#ifndef K
#define K 0
#endif
#ifndef F
#define F 0
#endif
#define NL 2
#ifdef ONELANE                         /* all senders take turns on lane 0 */
#define ONE true
#else
#define ONE false
#endif
#ifdef BYTES
#define SZ(l) ((l)+1)                 /* bytes of a message on lane l */
#else
#define SZ(l) 0
#endif
#define ALIVE 0
#define GONE 1
#define DEAD 2
#define SWEPT 3
#define RCV NS                        /* member number of the receiver (for stops) */

byte vq, vp;                          /* V = {grant sequence, pending lane+1 or 0} */
byte am[NL], ab[NL];                  /* ask, one word */
byte lm[NL], lmt[NL], lb[NL], lbt[NL];/* limits with tag */
byte sm[NL], sb[NL], tl[NL];          /* sent counters, tail (messages published) */
byte tm[NL], tb[NL];                  /* taken */
bit wt[NL], bell[NL];
byte lown[NL];                        /* lane word: owner+1 or 0; a member owns a lane once, so the owner is the stamp */
byte life[NS];
byte kills = K, stops = F, np = NP, stopped = 255, arings;
bit park[NL];                         /* ghost: the lane's owner sleeps */
bit wasfull[NL];                      /* ghost for TRYFULL */

#define FREEM (CAPM + tm[0] + tm[1] - lm[0] - lm[1])
#ifdef BYTES
#define FREEB (CAPB + tb[0] + tb[1] - lb[0] - lb[1])
#else
#define FREEB 0
#endif
inline chk() { assert(lm[0]>=tm[0] && lm[1]>=tm[1] && lm[0]+lm[1] <= CAPM+tm[0]+tm[1]);
#ifdef BYTES
  assert(lb[0]>=tb[0] && lb[1]>=tb[1] && lb[0]+lb[1] <= CAPB+tb[0]+tb[1])
#endif
}
#ifdef M_NOTAG
#define TAGGED(t) false
#define SAME(a,at,x,t) (a==x)
#else
#define TAGGED(t) ((t)==q)
#define SAME(a,at,x,t) (a==x && at==t)
#endif
#ifdef M_NOREREAD
#define STILL true
#else
#define STILL (vq==q && vp==p)
#endif

/* help every pending grant; afterwards V was (q,0).  KX: kill/stop options of the caller */
#define HELP(KX,L1,L2) \
L1: if :: d_step { q=vq; p=vp; x=0; t=0; c=0; cb=0 } fi; \
    if \
    :: p!=0 -> \
       d_step { c=am[p-1]; cb=ab[p-1] } \
       d_step { x=lm[p-1]; t=lmt[p-1] } \
       if :: STILL -> skip :: else -> goto L1 fi; \
       if \
       :: TAGGED(t) -> skip \
       :: else -> if :: d_step { if :: SAME(lm[p-1],lmt[p-1],x,t) -> lm[p-1]=x+c; lmt[p-1]=q; chk() :: else fi } KX fi \
       fi; \
       HELPB(KX,L1) \
       if :: d_step { if :: vq==q && vp==p -> vp=0 :: else fi; x=0; t=0; c=0; cb=0 } KX fi; \
       goto L1 \
    :: else -> skip \
    fi
#ifdef BYTES
#ifdef M_MSGONLY
#define WHOLE TAGGED(t)               /* messages word tagged = whole grant applied */
#else
#define WHOLE false
#endif
#define HELPB(KX,L1) \
       if :: WHOLE -> t=q :: else -> d_step { x=lb[p-1]; t=lbt[p-1] } fi; \
       if :: STILL -> skip :: else -> goto L1 fi; \
       if \
       :: TAGGED(t) -> skip \
       :: else -> if :: d_step { if :: SAME(lb[p-1],lbt[p-1],x,t) -> lb[p-1]=x+cb; lbt[p-1]=q; chk() :: else fi } KX fi \
       fi;
#else
#define HELPB(KX,L1)
#endif

#define ZS q=0; p=0; x=0; t=0; c=0; cb=0; fm=0; fb=0; l=0; i=0; parked=0; b=0
#define KS :: d_step { kills>0 -> kills--; life[me]=DEAD; park[l]=0; ZS } goto dead; \
           :: d_step { stops>0 -> stops--; stopped=me; park[l]=0; ZS } goto dead

proctype Sender(byte me) {
  byte q, p, x, t, c, cb, l, i, b; short fm, fb; bit parked;
  /* claim a lane slot (counters run on), start from what was taken */
  d_step { (lown[0]==0 || (lown[1]==0 && !ONE)) -> if :: lown[0]==0 -> l=0 :: else -> l=1 fi; lown[l]=me+1; sm[l]=tm[l]; sb[l]=tb[l]; wt[l]=0; bell[l]=0;
           assert(lm[l]==tm[l] && lb[l]==tb[l] && tl[l]==tm[l]) }
S0: if
    :: i==M -> goto S9
    :: i<M && lm[l]>sm[l] -> goto S5
    :: i<M && lm[l]<=sm[l] -> skip
    KS
    fi;
    /* lease */
    HELP(KS,S1,S1);
    d_step { p=0; fm=CAPM; fb=CAPB; wasfull[l]=(FREEM<1 || FREEB<SZ(l)) }
#if defined(M_LIMITFIRST) || defined(LIMITFIRST)
    d_step { fm=fm-lm[0]; fb=fb-lb[0] } d_step { fm=fm-lm[1]; fb=fb-lb[1] }
    d_step { fm=fm+tm[0] } d_step { fb=fb+tb[0] } d_step { fm=fm+tm[1] } d_step { fb=fb+tb[1] }
#else
#ifdef BYTES
    d_step { fm=fm+tm[0] } d_step { fb=fb+tb[0] } d_step { fm=fm+tm[1] } d_step { fb=fb+tb[1] }
    d_step { fm=fm-lm[0] } d_step { fb=fb-lb[0] } d_step { fm=fm-lm[1] } d_step { fb=fb-lb[1] }
#else
    d_step { fm=fm+tm[0] } d_step { fm=fm+tm[1] } d_step { fm=fm-lm[0] } d_step { fm=fm-lm[1] }
#endif
#endif
#ifndef LIMITFIRST
    assert(fm<=CAPM && fb<=CAPB);                                          /* used is never negative */
#endif
    if
    :: fm<1 || (SZ(l)>0 && fb<SZ(l)) -> /* full */
       d_step { fm=0; fb=0; b=0 }
       if
       :: !parked ->
#ifdef TRYFULL
#ifndef M_NOVCHECK
          if :: vq!=q || vp!=0 -> q=0; goto S1 :: else fi;                /* full only if V stood still */
#endif
          assert(wasfull[l]);
#endif
          d_step { q=0; wasfull[l]=0 }
          if :: wt[l]=1 KS fi;
          parked=1;
#ifdef M_NO2ND
          park[l]=1; goto S3
#else
          goto S1
#endif
       :: parked -> d_step { q=0; wasfull[l]=0; park[l]=1 }
#ifdef M_NO2ND
S3:
#endif
          if :: d_step { bell[l] -> bell[l]=0; park[l]=0 } fi;             /* sleep */
          if :: wt[l]=0 KS fi;
          parked=0; goto S1
       fi
    :: else ->
       d_step { b=1; wasfull[l]=0 }
#ifdef BATCH
       if :: fm>=2 && (SZ(l)==0 || fb>=2*SZ(l)) && i+2<=M -> b=2 :: true fi;
#endif
       d_step { fm=0; fb=0; am[l]=b; ab[l]=b*SZ(l); b=0 }                 /* ask */
       if
       :: d_step { vq==q && vp==0 -> vq=q+1; vp=l+1; q=0 }
          if :: true KS fi;
          HELP(KS,S4,S4);
          p=0; q=0
       :: vq!=q || vp!=0 -> q=0; goto S1
       fi
    fi;
    if
    :: parked -> if :: d_step { wt[l]=0; parked=0 } KS fi
    :: else
    fi;
    /* send on credit */
S5: assert(lm[l]>sm[l] && (SZ(l)==0 || lb[l]>=sb[l]+SZ(l)));
#ifdef M_SENTLATE
    if :: tl[l]=tl[l]+1 KS fi;
    if :: d_step { sm[l]=sm[l]+1; sb[l]=sb[l]+SZ(l); i++ } KS fi;
#else
    if :: d_step { sm[l]=sm[l]+1; sb[l]=sb[l]+SZ(l) } KS fi;               /* sent before tail: a dead sender's count is never too low */
    if :: d_step { tl[l]=tl[l]+1; i++ } KS fi;
#endif
    if
    :: i<M && lm[l]>sm[l] -> goto S5
    :: lm[l]>sm[l] ->                                                      /* give back what is unused */
       if :: d_step { lm[l]=sm[l]; chk() } KS fi;
#ifdef BYTES
       if :: d_step { lb[l]=sb[l]; chk() } KS fi;
#endif
       if :: d_step { if :: wt[1-l] -> bell[1-l]=1 :: else fi } KS fi
    :: lm[l]==sm[l]
    fi;
    goto S0;
S9: if :: d_step { life[me]=GONE; ZS } fi;
dead: skip
}

/* settle a drained lane whose sender is gone (lane word read as w): no grant pending for it, limit -> taken, free the slot.
 * May be run by several at a time: the lane word is read again after limit and taken, before the CAS. */
#ifdef M_SETTLENOVAL
#define OWNED true
#else
#define OWNED (lown[l]==w)
#endif
#ifdef M_SETTLENOHELP
#define SHELP(KX,LA)
#else
#define SHELP(KX,LA) HELP(KX,LA,LA);
#endif
#ifdef BYTES
#define SETTLEB(KX,LC,LD) \
LC: if :: d_step { x=lb[l]; t=lbt[l] } fi; \
    s=tb[l]; \
    if :: OWNED -> skip :: else -> goto LD fi; \
    if \
    :: d_step { lb[l]==x && lbt[l]==t -> lb[l]=s; chk() } \
    :: lb[l]!=x || lbt[l]!=t -> goto LC \
    KX \
    fi;
#else
#define SETTLEB(KX,LC,LD)
#endif
#define SETTLE(KX,LA,LB,LC,LD) \
    SHELP(KX,LA) \
LB: if :: d_step { q=0; p=0; x=lm[l]; t=lmt[l] } fi; \
    s=tm[l]; \
    if :: OWNED -> skip :: else -> goto LD fi; \
    if \
    :: d_step { lm[l]==x && lmt[l]==t -> lm[l]=s; chk() } \
    :: lm[l]!=x || lmt[l]!=t -> goto LB \
    KX \
    fi; \
    SETTLEB(KX,LC,LD) \
LD: if :: d_step { if :: lown[l]==w -> lown[l]=0; wt[l]=0 :: else fi; x=0; t=0; s=0; w=0 } KX fi;

/* stands for the lane's closed word: set by a lease holder after both taken words */
#define DRAINED(i) (tl[i]==tm[i] && tb[i]==SZ(i)*tm[i])
#define ZR q=0; p=0; x=0; t=0; c=0; cb=0; l=0; w=0; s=0
#define KR :: d_step { stops>0 -> stops--; stopped=RCV; ZR } goto dead
proctype Receiver() {
  byte q, p, x, t, c, cb, l, w, s;
R0: if
    :: d_step { tl[0]>tm[0] -> l=0; tm[0]=tm[0]+1; chk() }                 /* after head: taken */
    :: d_step { tl[1]>tm[1] -> l=1; tm[1]=tm[1]+1; chk() }
    :: d_step { lown[0]!=0 && life[lown[0]-1]!=ALIVE && DRAINED(0) -> l=0; w=lown[0] } goto R5
    :: d_step { lown[1]!=0 && life[lown[1]-1]!=ALIVE && DRAINED(1) -> l=1; w=lown[1] } goto R5
    KR
    fi;
#ifdef BYTES
    if :: d_step { tb[l]=tb[l]+SZ(l); chk() } KR fi;
#endif
R2:
#ifndef M_NORING
    if :: d_step { if :: wt[0] -> bell[0]=1 :: else fi } KR fi;
    if :: d_step { if :: wt[1] -> bell[1]=1 :: else fi; l=0 } KR fi;
#endif
    goto R0;
R5: SETTLE(KR,R6,R7,R8,R9)
    goto R2;
dead: skip
}

#ifdef SETTLE2
#define KT :: d_step { stops>0 -> stops--; stopped=RCV; ZR } goto dead
proctype Settler() {                  /* a second one that may settle (reaper, other receiver) */
  byte q, p, x, t, c, cb, l, w, s;
T0: if
    :: d_step { lown[0]!=0 && life[lown[0]-1]!=ALIVE && DRAINED(0) -> l=0; w=lown[0] }
    :: d_step { lown[1]!=0 && life[lown[1]-1]!=ALIVE && DRAINED(1) -> l=1; w=lown[1] }
    fi;
    SETTLE(KT,T1,T2,T3,T4)
    if :: d_step { if :: wt[0] -> bell[0]=1 :: else fi } KT fi;
    if :: d_step { if :: wt[1] -> bell[1]=1 :: else fi; l=0 } KT fi;
    goto T0;
dead: skip
}
#endif

#define ZP q=0; p=0; x=0; t=0; c=0; cb=0; l=0; m=0; w=0; s=0
#define KP :: d_step { kills>0 && np>1 -> kills--; np--; ZP } goto dead; \
           :: d_step { stops>0 && np>1 -> stops--; np--; stopped=RCV+1+me; ZP } goto dead
proctype Reaper(byte me) {
  byte q, p, x, t, c, cb, l, m, w, s;
P0: if
    :: d_step { life[0]==DEAD -> m=0 }
    :: d_step { life[1]==DEAD -> m=1 }
    :: d_step { (NS>2 && life[NS-1]==DEAD) -> m=NS-1 }
    KP
    fi;
#ifndef NOEARLY
    l=0;
P1: w=lown[l];
    if
    :: w==m+1 ->
       HELP(KP,P2,P2);
       d_step { q=0; p=0; x=lm[l]; t=lmt[l] }
       s=sm[l];
#ifdef M_NOLANEVAL
       if
       :: x>s -> if :: d_step { if :: lm[l]==x && lmt[l]==t -> lm[l]=s; chk() :: else fi } KP fi
#else
       if
       :: lown[l]==w && x>s -> if :: d_step { if :: lm[l]==x && lmt[l]==t -> lm[l]=s; chk() :: else fi } KP fi
#endif
       :: else
       fi;
#ifdef BYTES
       d_step { x=lb[l]; t=lbt[l] }
       s=sb[l];
       if
       :: lown[l]==w && x>s -> if :: d_step { if :: lb[l]==x && lbt[l]==t -> lb[l]=s; chk() :: else fi } KP fi
       :: else
       fi;
#endif
       x=0; t=0; s=0
    :: else
    fi;
    w=0;
    if :: l==0 -> l=1; goto P1 :: else -> l=0 fi;
#ifndef M_NOREAPRING
    if :: d_step { if :: wt[0] -> bell[0]=1 :: else fi } KP fi;
    if :: d_step { if :: wt[1] -> bell[1]=1 :: else fi } KP fi;
#endif
#endif
    if :: d_step { if :: life[m]==DEAD -> life[m]=SWEPT :: else fi; m=0 } KP fi;
    goto P0;
dead: skip
}

#ifdef AGENT
proctype Agent() {
  do
  :: d_step { (park[0] && wt[0] && !bell[0] && FREEM>=1 && FREEB>=SZ(0)) -> bell[0]=1; arings++; assert(arings<12) }
  :: d_step { (park[1] && wt[1] && !bell[1] && FREEM>=1 && FREEB>=SZ(1)) -> bell[1]=1; arings++; assert(arings<12) }
  od
}
#endif

byte j;
proctype Monitor() {
  timeout ->
  d_step {
    chk();
    assert(!(park[0] && FREEM>=1 && FREEB>=SZ(0)));                        /* nobody sleeps while there is credit for him */
    assert(!(park[1] && FREEM>=1 && FREEB>=SZ(1)));
    j=0; do :: j<NS -> assert(life[j]!=DEAD); j++ :: else -> break od;
    if
    :: stopped!=RCV && !(stopped<NS) ->                                    /* nobody of them is stopped: all is done and returned */
       j=0; do :: j<NS -> assert(life[j]!=ALIVE); j++ :: else -> break od;
       j=0; do :: j<NL -> assert(lown[j]==0 && lm[j]==tm[j] && lb[j]==tb[j] && tl[j]==tm[j]); j++ :: else -> break od;
       assert(vp==0)
    :: else
    fi;
    j=0
  }
}

init {
  atomic {
    run Sender(0); run Sender(1);
#if NS>2
    run Sender(2);
#endif
    run Receiver();
#if K>0
    run Reaper(0);
#if NP>1
    run Reaper(1);
#endif
#endif
#ifdef SETTLE2
    run Settler();
#endif
#ifdef AGENT
    run Agent();
#endif
    run Monitor()
  }
}
