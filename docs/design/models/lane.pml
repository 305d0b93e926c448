/* Rings and lanes: growth by LINK, lane lease, receiver's intent, taken/lost counters, reapers.
 * One shared access a step (stores into words that nobody else reads yet are joined).  A killed process is the
 * process that takes no step any more and whose member word says DEAD from then on; "gone but not yet proven" is the
 * same as "not scheduled until then".  Kill and stop are offered after each shared write.
 * Parameters: -DN records -DG growths -DNR receivers -DNE end entries -DNP reapers -DK kills -DF stops -DMAXB batch
 *             -DOTHER (a second user of the ring pool) -DDRAIN (no receiver is left: others drain and drop).  Mutants: -DM_...  (see README.md) */
#ifndef N
#define N 2
#endif
#ifndef G
#define G 1
#endif
#ifndef NR
#define NR 2
#endif
#ifndef NE
#define NE 2
#endif
#ifndef NP
#define NP 1
#endif
#ifndef K
#define K 1
#endif
#ifndef F
#define F 0
#endif
#ifndef MAXB
#define MAXB 1
#endif
#ifndef NRING
#define NRING 3
#endif
#define CAP 2                          /* positions in a ring: one is always kept for the LINK */
#define S NR                           /* member numbers: receivers 0..NR-1, sender NR, reapers NR+1.. */
#ifdef DRAIN                           /* all receivers may go: others drain the lane and drop what is in it */
#define ND 2
#define MINR 0
#else
#define ND 0
#define MINR 1
#endif
#define NM (NR+1+NP+ND)
#define ALIVE 0
#define GONE 1
#define DEAD 2
#define SWEPT 3
#define FREED(w) ((w/4+1)*4)           /* ring word = code + 4*generation; code 0 FREE 1 ALLOC 2 LIVE 3 another lane's */
#define IDX(r,p) ((r)*CAP+(p)%CAP)     /* a ring maps position p to p mod CAP (base is a multiple-free offset here) */
#define MX(a,b) ((a)>(b) -> (a) : (b))
#define NONE 0                         /* intent word = state + 4*generation of the end entry */
#define UND 1
#define LOST 2
#define NOT 3
#define EFREE(w) ((w)%8==0)            /* end entry word = owner+1 (0 FREE) + 8*generation */
#ifdef M_NOGEN
#define IW(st,w) (st)
#else
#define IW(st,w) ((st)+4*((w)/8))
#endif

byte rs[NRING], base[NRING], buf[NRING*CAP];
byte tail, head, hr, hb, lease, taken; bit closed;
byte ew[NE], iw[NE], ipos[NE], itk[NE], ils[NE], lost[NE];
byte life[NM];
byte kills = K, stops = F, nr = NR, np = NP, nd = ND;
byte stopped = 255;
/* ghosts */
byte pub, cnt, done, seen, isrec;

#define ANYFREE (rs[0]%4==0 || rs[1]%4==0 || (NRING>2 && rs[NRING-1]%4==0))
inline pick(q) { if :: rs[0]%4==0 -> q=0 :: else -> if :: rs[1]%4==0 -> q=1 :: else -> q=NRING-1 fi fi }

#define KS :: d_step { kills>0 -> kills--; life[S]=DEAD; cur=0; cb=0; t=0; i=0; q=0; gr=0 } goto dead; \
           :: d_step { stops>0 -> stops--; stopped=S; cur=0; cb=0; t=0; i=0; q=0; gr=0 } goto dead

proctype Sender() {
  byte cur, cb, t, i, q, gr;
S0: if
    :: d_step { i<N && t+2-MX(head,cb) <= CAP -> buf[IDX(cur,t)] = t+1 }
       if :: d_step { tail=t+1; pub++; isrec = isrec | (1<<t); t++; i++ } KS fi; goto S0
    :: d_step { gr<G && ANYFREE -> pick(q); rs[q]=rs[q]+1; gr++ }          /* 1 FREE(g) -> ALLOC(lane,g) */
#ifdef M_LINKEARLY
       if :: d_step { rs[q]=rs[q]+1; buf[IDX(cur,t)] = 32+4*t+q } KS fi;
       if :: d_step { tail=t+1; t++; cur=q; cb=t } KS fi;
       if :: base[q]=t KS fi;
#else
       if :: base[q]=t+1 KS fi;                                            /* 2 */
       if :: rs[q]=rs[q]+1 KS fi;                                          /* 3 ALLOC -> LIVE */
       if :: buf[IDX(cur,t)] = 32+4*t+q KS fi;                             /* 4 LINK */
       if :: d_step { tail=t+1; t++; cur=q; cb=t } KS fi;                  /* 5 */
#endif
       q=0; goto S0
    :: d_step { i==N || nr==0 -> life[S]=GONE; cur=0; cb=0; t=0; i=0; q=0; gr=0 } goto dead
    KS
    fi;
dead: skip
}

#define ZR e=0; w=0; h=0; r=0; g=0; n=0; t=0; gone=0; v=0; tk=0
#define KR :: d_step { kills>0 && nr>MINR -> kills--; nr--; life[me]=DEAD; ZR } goto dead; \
           :: d_step { stops>0 && nr>MINR -> stops--; nr--; stopped=me; ZR } goto dead

inline copy() { v=buf[IDX(r,h+n)];
  if :: v<32 -> assert(v==h+n+1 && (isrec & (1<<(h+n)))) :: else -> assert((v-32)/4==h+n && !(isrec & (1<<(h+n)))) fi }
inline user() { seen_ok(); }
inline seen_ok() { assert(!(seen & (1<<h))); seen = seen | (1<<h);
  if :: n==2 -> assert(!(seen & (1<<(h+1)))); seen = seen | (1<<(h+1)) :: else fi }

proctype Receiver(byte me) {
  byte e, w, h, r, g, n, t, v, tk; bit gone;
  /* claim an end entry, FREE(g) -> OPEN(me,g); then the intent word says NONE of this generation */
  d_step { (EFREE(ew[0]) || (NE>1 && EFREE(ew[NE-1]))) -> if :: EFREE(ew[0]) -> e=0 :: else -> e=NE-1 fi;
           w=ew[e]+me+1; ew[e]=w }
  if :: iw[e]=IW(NONE,w) KR fi;
R1: if
    :: d_step { lease==0 && (tail>MX(head,hb) || life[S]!=ALIVE) && !closed -> lease=me+1 }
    :: closed -> goto out
    KR
    fi;
R2: if :: d_step { r=hr; h=MX(head,hb); g=rs[hr]; tk=taken;
                   assert(closed || (tk==cnt && g%4==2)) }                            /* taken is exact whenever a lease starts */
    KR fi;
    if :: closed -> goto rel :: else fi;
#ifdef M_TAILFIRST
    t=tail; gone=(life[S]!=ALIVE);
#else
    gone=(life[S]!=ALIVE);                                                 /* 3 before 4 */
    t=tail;
#endif
    if
    :: t>h ->
#ifdef M_HEADFIRST
       n=0; if :: buf[IDX(r,h)]<32 -> head=h+1 :: else fi;                 /* head passes before the copy */
#endif
       d_step { n=0; copy() }
       if
       :: v>=32 -> n=v%4;                                                  /* 5b LINK to ring n */
#ifdef M_FREEFIRST
          d_step { if :: rs[r]==g -> rs[r]=FREED(g) :: else fi }
          if :: d_step { hr=n; hb=h+1 } KR fi;
          if :: head=h+1 KR fi;
#else
          d_step { assert(hr==r); hr=n; hb=h+1 }                           /* CAS head_ring */
          if :: head=h+1 KR fi;
#ifdef M_GENLATE
          g=rs[r];
#endif
          if :: d_step { if :: rs[r]==g -> rs[r]=FREED(g) :: else fi } KR fi;
#endif
          d_step { n=0; v=0; t=0; gone=0 } goto R2
       :: else ->                                                          /* 5a record(s) */
          n=1;
          if
          :: (MAXB>1 && t>h+1) -> d_step { copy() }
             if :: v<32 -> n=2 :: else fi
          :: true
          fi;
          v=0; t=0; gone=0;
#ifdef M_FIELDSLATE
          iw[e]=IW(UND,w);
          if :: d_step { ipos[e]=h+n; itk[e]=tk+n; ils[e]=lost[e]+n } KR fi;
#else
          if :: d_step { ipos[e]=h+n; itk[e]=tk+n; ils[e]=lost[e]+n } KR fi;
          if :: iw[e]=IW(UND,w) KR fi;
#endif
#ifdef M_DELIVERFIRST
          if :: d_step { user() } KR fi;
#endif
#ifdef M_INTENTLATE
          iw[e]=IW(NONE,w);
          if :: d_step { head=h+n; cnt=cnt+n } KR fi;
          if :: iw[e]=IW(UND,w) KR fi;
#else
          if :: d_step { head=h+n; cnt=cnt+n } KR fi;
#endif
#ifdef M_TAKENLATE
          if :: lease=0 KR fi;
          if :: taken=tk+n KR fi;
#else
          if :: taken=tk+n KR fi;
          if :: lease=0 KR fi;
#endif
#ifndef M_DELIVERFIRST
          if :: d_step { user() } KR fi;
#endif
          if :: d_step { iw[e]=IW(NONE,w); done=done+n; h=0; r=0; g=0; n=0; tk=0 } KR fi;
          goto R1
       fi
    :: t<=h && gone ->                                                     /* 5c drained */
       closed=1;
       if :: d_step { if :: rs[r]==g -> rs[r]=FREED(g) :: else fi } KR fi;
       goto rel
    :: t<=h && !gone ->
       if :: d_step { lease=0; h=0; r=0; g=0; t=0; tk=0 } KR fi;
       goto R1
    fi;
rel: if :: lease=0 KR fi;
out: if :: d_step { ew[e]=(w/8+1)*8; ZR } KR fi;
dead: skip
}

#define KP :: d_step { kills>0 && np>1 -> kills--; np--; life[me]=SWEPT; m=0; e=0; w=0; i=0; a=0; b=0; x=0 } goto dead; \
           :: d_step { stops>0 && np>1 -> stops--; np--; stopped=me; m=0; e=0; w=0; i=0; a=0; b=0; x=0 } goto dead

inline sweepring() {
  a=0;
  do
  :: a<NRING ->
     x=rs[a];
     if
     :: (x%4==1 || x%4==2) ->
#ifdef M_STAMP
        b = (m==S);
#else
        d_step { b = 0;
          if :: (m==S && (x%4==1 || base[a]>tail)) -> b=1 :: else fi;      /* never linked; only when the sender is dead */
          if :: (x%4==2 && base[a]<hb) -> b=1 :: else fi;                  /* drained */
          if :: closed -> b=1 :: else fi }
#endif
        if
        :: b -> if :: d_step { if :: rs[a]==x -> rs[a]=FREED(x) :: else fi } KP fi
        :: else
        fi
     :: else
     fi;
     a++
  :: else -> break
  od;
  atomic { a=0; b=0; x=0 }
}

proctype Reaper(byte me) {
  byte m, e, w, i, a, b, x;
P0: if
    :: d_step { life[S]==DEAD -> m=S }
    :: d_step { life[0]==DEAD -> m=0 }
    :: d_step { (NR>1 && life[1]==DEAD) -> m=1 }
    :: d_step { (NR>2 && life[NR-1]==DEAD) -> m=NR-1 }
#ifdef DRAIN
    :: d_step { life[NM-2]==DEAD -> m=NM-2 }
    :: d_step { life[NM-1]==DEAD -> m=NM-1 }
#endif
    KP
    fi;
    if
    :: m<NR ->
       e=0;
       do
       :: e<NE ->
          w=ew[e];
          if
          :: w%8==m+1 ->
#ifdef M_LEASEFIRST
             if :: d_step { if :: lease==m+1 -> lease=0 :: else fi } KP fi;
#endif
             i=iw[e];
             if :: i==IW(UND,w) ->
                   a=ipos[e];
                   x=head;
                   if :: d_step { if :: iw[e]==i -> iw[e]=(x>=a -> i+1 : i+2) :: else fi } KP fi;
                   i=iw[e]
                :: else
             fi;
             if
             :: i==IW(LOST,w) ->
#ifdef M_NOVALID
                /* as first proposed: the lease is looked at, the entry is not read again after its fields */
                if
                :: lease==m+1 -> a=itk[e]; x=taken; if :: x<a -> if :: d_step { if :: taken==x -> taken=a :: else fi } KP fi :: else fi
                :: else
                fi;
                b=ils[e]; x=lost[e]; if :: x<b -> if :: d_step { if :: lost[e]==x -> lost[e]=b :: else fi } KP fi :: else fi
#else
#ifdef M_LEASECHECK
                /* taken: only the lease is looked at, and before the fields are read */
                if
                :: lease==m+1 -> a=itk[e]; x=taken; if :: x<a -> if :: d_step { if :: taken==x -> taken=a :: else fi } KP fi :: else fi
                :: else
                fi;
#endif
                a=itk[e]; b=ils[e];
                if
                :: ew[e]==w ->                                            /* validate: the fields read are the dead one's */
                   x=taken;
#ifdef M_ADD
                   if :: d_step { x<a -> taken=taken+(a-x) } KP :: else fi;
#else
                   if :: x<a -> if :: d_step { if :: taken==x -> taken=a :: else fi } KP fi :: else fi;
#endif
                   x=lost[e];
                   if :: x<b -> if :: d_step { if :: lost[e]==x -> lost[e]=b :: else fi } KP fi :: else fi
                :: else
                fi
#endif
             :: else
             fi;
             d_step { a=0; b=0; x=0; i=0 }
             if :: d_step { if :: lease==m+1 -> lease=0 :: else fi } KP fi;
             if :: d_step { if :: ew[e]==w -> ew[e]=(w/8+1)*8 :: else fi; w=0 } KP fi
          :: else
          fi;
          w=0; e++
       :: else -> break
       od;
       e=0
    :: m>S -> if :: d_step { if :: lease==m+1 -> lease=0 :: else fi } KP fi   /* a dead drainer: it has no intent */
    :: else
    fi;
    sweepring();
    if :: d_step { if :: life[m]==DEAD -> life[m]=SWEPT :: else fi; m=0 } KP fi;
    goto P0;
dead: skip
}

#ifdef DRAIN
#define ZD h=0; r=0; g=0; t=0; v=0
#define KD :: d_step { kills>0 && nd>1 -> kills--; nd--; life[me]=DEAD; ZD } goto dead
#define NOENDS (nr==0 && ew[0]%8==0 && ew[NE-1]%8==0)
proctype Drainer(byte me) {
  byte h, r, g, t, v;
D1: if
    :: d_step { NOENDS && life[S]!=ALIVE && lease==0 && !closed -> lease=me+1 }
    :: closed -> goto dead
    KD
    fi;
D2: if :: d_step { r=hr; h=MX(head,hb); g=rs[hr]; assert(closed || g%4==2) } KD fi;
    if :: closed -> goto rel :: else fi;
    t=tail;
    if
    :: t>h ->
       d_step { v=buf[IDX(r,h)];
         if :: v<32 -> assert(v==h+1 && (isrec & (1<<h)) && !(seen & (1<<h))) :: else -> assert((v-32)/4==h && !(isrec & (1<<h))) fi }
       if
       :: v>=32 -> d_step { assert(hr==r); hr=v%4; hb=h+1 }
          if :: head=h+1 KD fi;
          if :: d_step { if :: rs[r]==g -> rs[r]=FREED(g) :: else fi } KD fi
       :: else -> if :: head=h+1 KD fi                                     /* dropped: release its refs before this */
       fi;
       v=0; t=0; goto D2
    :: else ->
       closed=1;
       if :: d_step { if :: rs[r]==g -> rs[r]=FREED(g) :: else fi } KD fi
    fi;
rel: if :: d_step { lease=0; ZD } KD fi;
dead: skip
}
#endif

#ifdef OTHER
proctype Other() { byte q;
  d_step { ANYFREE -> pick(q); rs[q]=rs[q]+3; base[q]=0; buf[IDX(q,0)]=0; buf[IDX(q,1)]=0 }
  d_step { base[q]=7; rs[q]=FREED(rs[q]) }
}
#endif

byte j, lim, sl;
proctype Monitor() {
  timeout ->
  d_step {
    j=0; lim=0; sl=0;
    do :: j<NE -> sl=sl+lost[j];
          if :: (stopped<NR && ew[j]%8==stopped+1 && iw[j]==IW(UND,ew[j]) && head>=ipos[j]) -> lim=ils[j]-lost[j] :: else fi; j++
       :: else -> break od;
    j=0;
    do :: j<NM -> assert(life[j]!=DEAD); j++ :: else -> break od;         /* every death swept */
    assert(done+sl+lim==cnt);                                             /* delivered + lost (+ taken by a stopped one) */
    if
    :: (lease!=0) -> assert(stopped<NR && lease==stopped+1)
    :: else ->
       assert(taken==cnt);
       if
       :: (stopped<NR && NE==1 && ew[0]%8==stopped+1)                     /* the only end is a stopped one's: nothing more */
       :: else ->
          assert(cnt==pub || (ND>0 && nr==0 && cnt<pub));
          assert(life[S]!=ALIVE || stopped==S);                           /* sender not stuck */
          j=0; do :: j<NE -> assert(ew[j]%8==0 || stopped==S || (stopped<NR && ew[j]%8==stopped+1)); j++ :: else -> break od;
          j=0;
          if
          :: stopped!=S -> assert(closed);
             do :: j<NRING -> assert(rs[j]%4==0); j++ :: else -> break od
          :: else ->
             do :: j<NRING -> assert(rs[j]%4!=2 || base[j]>=hb); j++ :: else -> break od
          fi
       fi
    fi;
    j=0; lim=0; sl=0
  }
}

init {
  atomic {
    rs[0]=2;
    run Sender(); run Receiver(0);
#if NR>1
    run Receiver(1);
#endif
#if NR>2
    run Receiver(2);
#endif
    run Reaper(NR+1);
#if NP>1
    run Reaper(NR+2);
#endif
#ifdef DRAIN
    run Drainer(NM-2); run Drainer(NM-1);
#endif
#ifdef OTHER
    run Other();
#endif
    run Monitor()
  }
}
